"""The simulated fleet, and the simulated keeper of credentials, run once for a module's tests."""

import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from apps.clusters.vault import opened
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


@pytest.fixture
def after(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Have what was opened be so many seconds older; the clock of all others stays as it is."""

    def after(seconds: float) -> None:
        clock = SimpleNamespace(monotonic=lambda: time.monotonic() + seconds)
        monkeypatch.setattr(opened, "time", clock)

    return after
