"""What beat and the doors start in the background."""

from asgiref.sync import async_to_sync
from celery import shared_task
from django.db import transaction

from apps.clusters.actions import checking, health


# The round claims for a minute and lets the slowest check of contracts (30 s) run out.
@shared_task(name="clusters.check_due", soft_time_limit=150, time_limit=180)  # type: ignore[untyped-decorator]
def check_due() -> int:
    return async_to_sync(checking.check_due)()


@shared_task(name="clusters.trim_history")  # type: ignore[untyped-decorator]
def trim_history() -> int:
    return health.trim_history()


def check_soon() -> None:
    """Start a round once the current transaction commits; a lost one is made up by the tick."""
    transaction.on_commit(lambda: check_due.apply_async(expires=10), robust=True)
