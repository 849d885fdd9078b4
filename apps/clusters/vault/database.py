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


def store(cluster: Cluster, secrets: Secrets, ca_bundle: str) -> Credential:
    """Replace the credential of `cluster`."""
    credential = Credential(cluster=cluster, ca_bundle=ca_bundle)
    credential.sealed = seal(orjson.dumps(asdict(secrets)).decode(), place=credential.place)
    credential.save()
    return credential


def unlock(credential: Credential) -> Secrets:
    """Open a credential, or raise SealBroken."""
    return Secrets(**orjson.loads(unseal(credential.sealed, place=credential.place)))
