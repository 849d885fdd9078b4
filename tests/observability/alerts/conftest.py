"""A real Alertmanager for the tests of a module, and a cluster that it is of."""

from collections.abc import Iterator

import pytest

from apps.clusters.models import Cluster
from tests.factories import make_cluster
from tests.observability.alerts.one_alertmanager import Alertmanager, an_alertmanager


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alertmanager]:
    with an_alertmanager(tmp_path_factory.mktemp("alertmanager")) as started:
        yield started


@pytest.fixture
def alertmanager(server: Alertmanager) -> Iterator[Alertmanager]:
    """With no silence in force, whatever was done to it before."""
    yield server
    for one in server.silences().values():
        if one["status"]["state"] != "expired":
            server.delete(f"silence/{one['id']}")


@pytest.fixture
def cluster(alertmanager: Alertmanager) -> Cluster:
    return make_cluster("red-1", alertmanager_url=alertmanager.url, labels={"team": "red"})
