"""What opens a cluster, as one value. Only the vault turns it into something that is kept."""

from dataclasses import asdict, dataclass, field

import msgspec
import orjson


@dataclass(frozen=True, slots=True)
class Secrets:
    """Never printed: every field is left out of its repr."""

    token: str = field(default="", repr=False)
    prometheus_token: str = field(default="", repr=False)
    tempo_token: str = field(default="", repr=False)
    loki_token: str = field(default="", repr=False)
    # A client certificate of the API server and its key, both PEM; what was kept before there
    # were any opens without.
    client_certificate: str = field(default="", repr=False)
    client_key: str = field(default="", repr=False)
    # What an identity provider is shown for a new `token`.
    oidc_client_secret: str = field(default="", repr=False)
    oidc_refresh_token: str = field(default="", repr=False)

    def as_text(self) -> str:
        return orjson.dumps(asdict(self)).decode()

    @classmethod
    def from_text(cls, text: str) -> "Secrets":
        return msgspec.json.decode(text, type=cls)

    def names(self) -> list[str]:
        """Return the names of those that are there."""
        return [name for name, secret in asdict(self).items() if secret]
