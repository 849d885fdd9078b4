"""A cluster whose API server and Prometheus take only the tokens that they know."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.clusters.models import Cluster, Credential
from apps.clusters.vault.secrets import Secrets
from apps.clusters.vault.store import unlock
from tests.factories import make_cluster
from tests.fakes.gates import Gate, gate

READER = "system:serviceaccount:aiops-nextgen-reader:aiops-nextgen-reader"


@dataclass
class Gated:
    cluster: Cluster
    api_server: Gate
    prometheus: Gate
    client: APIClient

    def send(self, path: str = "", method: str = "post", **body: Any) -> Any:
        url = f"/api/v1/clusters/{self.cluster.pk}/credentials{path}"
        return getattr(self.client, method)(url, body, format="json")

    def seen(self) -> Any:
        """The cluster, as the API shows it."""
        return self.client.get(f"/api/v1/clusters/{self.cluster.pk}").json()

    @property
    def row(self) -> Credential:
        return Credential.objects.get(pk=self.cluster.pk)

    @property
    def secrets(self) -> Secrets:
        return unlock(self.row)


@pytest.fixture
def gated(api: APIClient, settings: Any) -> Iterator[Gated]:
    settings.ALLOW_INSECURE_UPSTREAMS = True
    with gate() as api_server, gate() as prometheus:
        api_server.tokens = {"old": READER, "new": READER}
        prometheus.tokens = {"old-p": "p", "new-p": "p"}
        cluster = make_cluster("hub", api_server_url=api_server.url, prometheus_url=prometheus.url)
        yield Gated(cluster, api_server, prometheus, api)
