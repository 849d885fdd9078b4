"""What is asked, of whom, and what comes of it."""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import urlencode, urlsplit

from apps.masking import quotable

MIB = 1024 * 1024

Pairs = Mapping[str, str | list[str]]
Berth = Callable[[], Coroutine[Any, Any, None]]


class Stage(StrEnum):
    """How far a call came before it failed."""

    DNS = "DNS"
    TCP = "TCP"
    TLS = "TLS"
    TIMEOUT = "TIMEOUT"
    PROTOCOL = "PROTOCOL"
    SIZE = "SIZE"


class Unreachable(Exception):
    """A call brought no whole answer. `reason` is fit for people and holds no credential.

    `during` says in which stage a call hung that ran out of time: DNS, TCP or TLS, or None where
    it was connected and waited for the answer. `was_reset`: the other side hung up, and nothing
    is known to be wrong with the call.
    """

    def __init__(
        self,
        stage: Stage,
        reason: str,
        during: Stage | None = None,
        *,
        was_reset: bool = False,
    ) -> None:
        super().__init__(reason)
        self.stage = stage
        self.reason = reason
        self.during = during
        self.was_reset = was_reset


@lru_cache(maxsize=65_536)
def _address_of(base_url: str) -> str:
    url = urlsplit(base_url)
    try:
        port = url.port
    except ValueError:
        return url.netloc
    return f"{url.hostname}:{port or (443 if url.scheme == 'https' else 80)}"


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where to ask, whom to trust, and what to show at the door."""

    base_url: str
    ca_bundle: str = ""
    token: str = field(default="", repr=False)
    # PEM, for the TLS handshake; shown over https alone.
    client_certificate: str = field(default="", repr=False)
    client_key: str = field(default="", repr=False)
    # The name its certificate must carry, where that is not the one in the address.
    server_name: str = ""
    # How the token is shown; OAuth clients sign in by Basic.
    scheme: str = "Bearer"
    # What it is to us, for our own metrics.
    kind: str = "other"

    @property
    def address(self) -> str:
        return _address_of(self.base_url)

    def quote(self, said: str, limit: int = 500) -> str:
        """Return what this upstream said, fit for a page: it may throw our own token back."""
        return quotable(said, self.token, limit=limit)


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer. The certificate's end is known where the call went over TLS.

    `retry_after` is in seconds, where it says when it wants to be asked again.
    """

    status: int
    body: bytes
    elapsed_ms: int
    certificate_expires_at: datetime | None = None
    retry_after: float | None = None


@dataclass(frozen=True)
class Call:
    """What to ask of an upstream. `form` and `json` make it a POST; `deadline` is in seconds.

    `once`: it changes something, and is not sent again where it may have arrived.
    """

    path: str
    params: Pairs = field(default_factory=dict)
    # May hold secrets: a token endpoint is given one, a Secret is made of them.
    form: Pairs | None = field(default=None, repr=False)
    json: bytes | None = field(default=None, repr=False)
    deadline: float = 10.0
    cap: int = 8 * MIB
    method: str = ""
    once: bool = False

    # Headers of this call alone, such as a signature.
    fields: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    @cached_property
    def verb(self) -> str:
        return self.method or ("GET" if self.form is None and self.json is None else "POST")

    @cached_property
    def body(self) -> bytes:
        """The body as it is sent; worked out once for all that are asked this."""
        if self.json is not None:
            return self.json
        return urlencode(self.form, doseq=True).encode() if self.form is not None else b""

    @property
    def content_type(self) -> str:
        if self.json is not None:
            return "application/json"
        return "" if self.form is None else "application/x-www-form-urlencoded"
