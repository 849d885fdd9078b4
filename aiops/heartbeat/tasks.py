"""The task whose consumption is the sign of life."""

from celery import shared_task

from apps import workers


@shared_task(name="aiops.heartbeat")  # type: ignore[untyped-decorator]
def show_life() -> None:
    workers.show_life(workers.COLLECTING)
