"""A cluster of team red, and rights that cannot always be looked up."""

from typing import Any

import pytest
from asgiref.sync import sync_to_async

from apps.clusters.models import Cluster
from tests.factories import make_cluster
from tests.streaming import outages


@pytest.fixture
async def red(transactional_db: None) -> Cluster:
    return await sync_to_async(make_cluster)("red", labels={"team": "red"})


@pytest.fixture
def rights(settings: Any) -> outages.Rights:
    """Counts how often rights are looked up, and lets that fail as often as a test says."""
    settings.EVENT_AUDIENCE = "tests.streaming.outages.look"
    outages.rights.failures = outages.rights.asked = 0
    return outages.rights
