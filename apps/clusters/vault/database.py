"""Credentials sealed in PostgreSQL, each bound to the row of its cluster."""

from dataclasses import asdict, dataclass, field

import orjson

from apps.clusters.models import Cluster, Credential
from apps.sealing import seal, unseal


@dataclass(frozen=True, slots=True)
class Secrets:
    """What opens a cluster. Never printed: every field is left out of its repr."""

    token: str = field(default="", repr=False)
    prometheus_token: str = field(default="", repr=False)
    tempo_token: str = field(default="", repr=False)
    loki_token: str = field(default="", repr=False)
    # A client certificate of the API server and its key, both PEM; rows sealed before there were
    # any open without.
    client_certificate: str = field(default="", repr=False)
    client_key: str = field(default="", repr=False)


def store(cluster: Cluster, secrets: Secrets, **clear: str) -> Credential:
    """Replace the credential of `cluster`; `clear` are the columns that are no secrets."""
    credential = Credential(cluster=cluster, **clear)
    credential.sealed = seal(orjson.dumps(asdict(secrets)).decode(), place=credential.place)
    credential.save()
    return credential


def unlock(credential: Credential) -> Secrets:
    """Open a credential, or raise SealBroken."""
    return Secrets(**orjson.loads(unseal(credential.sealed, place=credential.place)))
