"""How to reach a cluster's parts: addresses, trust and tokens together, for the time of a call."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from django.conf import settings

from apps.clusters.errors import BoxClosed
from apps.clusters.models import Cluster, Credential
from apps.clusters.models.credential import AuthType
from apps.clusters.vault.secrets import Secrets
from apps.clusters.vault.store import unlock, warm
from apps.http import Upstream

# Alertmanager stands behind the same gate as Prometheus, on OpenShift as elsewhere.
TOKEN_OF = {
    "prometheus": "prometheus_token",
    "alertmanager": "prometheus_token",
    "tempo": "tempo_token",
    "loki": "loki_token",
}


# The columns that a connection is made of, as a query over clusters names them. The reading of
# columns is half of what it costs to get ready to ask.
MADE_OF = (
    "name",
    "cluster_type",
    "api_server_url",
    "prometheus_replica_urls",
    *(f"{part}_url" for part in TOKEN_OF),
    *(f"credential__{name}" for name in ("auth_type", "sealed", "ca_bundle", "server_name")),
    "credential__refresh_problem",
)


@dataclass(frozen=True, slots=True)
class Connection:
    """One cluster as the network sees it. `problem` says why its credential does not open."""

    cluster_id: UUID
    name: str
    cluster_type: str
    api_server: Upstream
    parts: dict[str, Upstream]
    problem: str = ""
    # Prometheus servers that hold the same as the one among the parts.
    replicas: tuple[Upstream, ...] = ()

    def servers_of(self, part: str) -> tuple[Upstream, ...]:
        """Return all that can answer for a part, in the order in which they are asked."""
        first = self.parts.get(part)
        if first is None:
            return ()
        return (first, *self.replicas) if part == "prometheus" else (first,)


def connect(cluster: Cluster) -> Connection:
    """Build the connection of a cluster whose `credential` is loaded (else it costs a query)."""
    credential: Credential | None = getattr(cluster, "credential", None)
    if credential is None:
        return connect_with(cluster, Secrets())
    try:
        secrets, problem = unlock(credential), ""
    except BoxClosed as broken:
        secrets, problem = Secrets(), f"The stored credential cannot be opened. {broken}"
    if credential.auth_type == AuthType.OIDC and not (secrets.token or problem):
        problem = credential.refresh_problem or "Its identity provider gave no token yet."
    found = connect_with(cluster, secrets, credential.ca_bundle, credential.server_name)
    return replace(found, problem=problem)


def connect_all(clusters: Sequence[Cluster]) -> list[Connection]:
    """Build many connections: a store of credentials on the network is asked once for all."""
    warm(held for cluster in clusters if (held := getattr(cluster, "credential", None)))
    return [connect(cluster) for cluster in clusters]


def connect_with(
    cluster: Cluster, secrets: Secrets, ca_bundle: str = "", server_name: str = ""
) -> Connection:
    """Build the connection that these secrets make, stored or not."""

    def upstream(kind: str, url: str, token: str) -> Upstream:
        secure = url.startswith("https:")
        # A token over plain http is a token for everybody on the way.
        shown = token if secure or settings.ALLOW_INSECURE_UPSTREAMS else ""
        return Upstream(url, ca_bundle if secure else "", shown, kind=kind)

    api_server = upstream("api_server", cluster.api_server_url, secrets.token)
    if api_server.base_url.startswith("https:"):
        # Shown to the API server alone: the parts have tokens of their own, and other names.
        api_server = replace(
            api_server,
            client_certificate=secrets.client_certificate,
            client_key=secrets.client_key,
            server_name=server_name,
        )
    return Connection(
        cluster_id=cluster.pk,
        name=cluster.name,
        cluster_type=cluster.cluster_type,
        api_server=api_server,
        parts={
            part: upstream(part, url, getattr(secrets, token_name))
            for part, token_name in TOKEN_OF.items()
            if (url := getattr(cluster, f"{part}_url"))
        },
        replicas=tuple(
            upstream("prometheus", url, secrets.prometheus_token)
            for url in dict.fromkeys(cluster.prometheus_replica_urls)
            if url != cluster.prometheus_url
        ),
    )
