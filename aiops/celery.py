"""The background side: one Celery app, its schedule, and a worker's sign of life."""

import os
from typing import Any

from celery import Celery
from celery.signals import task_postrun, worker_ready

from apps import measures

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aiops.settings.development")

app = Celery("aiops")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(
    ["apps.clusters", "apps.observability", "aiops.heartbeat"], related_name="tasks"
)


@worker_ready.connect  # type: ignore[untyped-decorator]
def make_room(**_: Any) -> None:
    """After days without a worker today has no partition yet, and the hour may be long."""
    app.send_task("clusters.trim_history", expires=3600)


@task_postrun.connect  # type: ignore[untyped-decorator]
def count(task: Any, state: str | None = None, retval: Any = None, **_: Any) -> None:
    measures.tasks.labels(task.name, state or "UNKNOWN").inc()
    if isinstance(retval, int) and retval > 0:
        measures.task_items.labels(task.name).inc(retval)
