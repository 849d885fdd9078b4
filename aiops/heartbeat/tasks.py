"""The task whose consumption is the sign of life."""

from celery import shared_task

from aiops import heartbeat


@shared_task(name="aiops.heartbeat")  # type: ignore[untyped-decorator]
def show_life() -> None:
    heartbeat.beat()
