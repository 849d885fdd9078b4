"""The simulated fleet, and the simulated keeper of credentials, run once for a module's tests."""

from collections.abc import Iterator
from typing import Any

import pytest

from apps.clusters.vault.opened import OPENED
from tests.clusters import fleet
from tests.clusters import keeper as keeping
from tests.clusters.fleet import Site
from tests.clusters.keeper import Keeper


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Site]]:
    with fleet.serve(tmp_path_factory.mktemp("fleet")) as running:
        yield running


@pytest.fixture(scope="module")
def running_keeper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keeper]:
    with keeping.serve(tmp_path_factory.mktemp("keeper")) as running:
        yield running


@pytest.fixture
def keeper(running_keeper: Keeper, settings: Any) -> Iterator[Keeper]:
    """The Kubernetes API that keeps credentials, empty and well; the settings choose it."""
    running_keeper.mend()
    settings.CREDENTIAL_STORE = "kubernetes"
    settings.CREDENTIAL_KUBERNETES = running_keeper.location
    OPENED.clear()
    yield running_keeper
    running_keeper.mend()
    OPENED.clear()
