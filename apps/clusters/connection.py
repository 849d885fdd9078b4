"""How to reach a cluster's parts: addresses, trust and tokens together, for the time of a call."""

from dataclasses import dataclass, replace
from uuid import UUID

from django.conf import settings

from apps.clusters.errors import BoxClosed
from apps.clusters.models import Cluster, Credential
from apps.clusters.vault.secrets import Secrets
from apps.clusters.vault.store import unlock
from apps.http import Upstream

# Alertmanager stands behind the same gate as Prometheus, on OpenShift as elsewhere.
TOKEN_OF = {
    "prometheus": "prometheus_token",
    "alertmanager": "prometheus_token",
    "tempo": "tempo_token",
    "loki": "loki_token",
}


@dataclass(frozen=True, slots=True)
class Connection:
    """One cluster as the network sees it. `problem` says why its credential does not open."""

    cluster_id: UUID
    name: str
    cluster_type: str
    api_server: Upstream
    parts: dict[str, Upstream]
    problem: str = ""


def connect(cluster: Cluster) -> Connection:
    """Build the connection of a cluster whose `credential` is loaded (else it costs a query)."""
    credential: Credential | None = getattr(cluster, "credential", None)
    secrets, problem = Secrets(), ""
    if credential is not None:
        try:
            secrets = unlock(credential)
        except BoxClosed as broken:
            problem = f"The stored credential cannot be opened. {broken}"
    ca_bundle = credential.ca_bundle if credential else ""

    def upstream(url: str, token: str) -> Upstream:
        secure = url.startswith("https:")
        # A token over plain http is a token for everybody on the way.
        shown = token if secure or settings.ALLOW_INSECURE_UPSTREAMS else ""
        return Upstream(url, ca_bundle if secure else "", shown)

    api_server = upstream(cluster.api_server_url, secrets.token)
    if credential is not None and api_server.base_url.startswith("https:"):
        # Shown to the API server alone: the parts have tokens of their own, and other names.
        api_server = replace(
            api_server,
            client_certificate=secrets.client_certificate,
            client_key=secrets.client_key,
            server_name=credential.server_name,
        )
    return Connection(
        cluster_id=cluster.pk,
        name=cluster.name,
        cluster_type=cluster.cluster_type,
        api_server=api_server,
        parts={
            part: upstream(url, getattr(secrets, token_name))
            for part, token_name in TOKEN_OF.items()
            if (url := getattr(cluster, f"{part}_url"))
        },
        problem=problem,
    )
