"""What the background side does by itself."""

import json

import pytest
import redis
from celery.signals import worker_ready
from django.conf import settings

from aiops.celery import app
from aiops.schedule import ENTRIES


def test_a_worker_that_starts_makes_room_for_the_day() -> None:
    worker_ready.send(sender=None)
    with redis.Redis.from_url(settings.EVENTS_REDIS_URL) as server:
        [message] = server.lrange(settings.CELERY_TASK_DEFAULT_QUEUE, 0, -1)
    assert json.loads(message)["headers"]["task"] == "clusters.trim_history"


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
def test_every_entry_of_the_schedule_is_a_task(entry: dict[str, str]) -> None:
    app.loader.import_default_modules()
    assert entry["task"] in app.tasks
