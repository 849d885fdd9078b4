"""One real fleet for all the tests that measure themselves by it."""

import os
from collections.abc import Iterator

import pytest

from tests.observability import real_fleet
from tests.observability.real_fleet import CLUSTERS, RealFleet


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealFleet]:
    """Three clusters and the whole; all eight with AIOPS_REAL_CLUSTERS=8."""
    count = int(os.environ.get("AIOPS_REAL_CLUSTERS", "3"))
    with real_fleet.started(tmp_path_factory.mktemp("fleet"), CLUSTERS[:count]) as started:
        yield started
