"""The simulated fleet, run once for all tests of a module."""

from collections.abc import Iterator

import pytest

from tests.clusters import fleet
from tests.clusters.fleet import Site


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Site]]:
    with fleet.serve(tmp_path_factory.mktemp("fleet")) as running:
        yield running
