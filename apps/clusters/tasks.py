"""What beat and the doors start in the background."""

from asgiref.sync import async_to_sync
from celery import shared_task
from django.db import transaction

from apps import lasting_loop
from apps.clusters.actions import checking, discovering, expiry, history, refreshing
from apps.clusters.vault import store as vault


# The round claims for a minute and lets the slowest check of contracts (30 s) run out.
@shared_task(name="clusters.check_due", soft_time_limit=150, time_limit=180)  # type: ignore[untyped-decorator]
def check_due() -> int:
    return lasting_loop.run(checking.check_due)


# As above: a round claims for a minute, and the last survey has another.
@shared_task(name="clusters.discover_due", soft_time_limit=150, time_limit=180)  # type: ignore[untyped-decorator]
def discover_due() -> int:
    return async_to_sync(discovering.discover_due)()


@shared_task(name="clusters.trim_history")  # type: ignore[untyped-decorator]
def trim_history() -> int:
    return history.tidy()


# A round takes on more for half a minute, and its last askings have twenty seconds.
@shared_task(name="clusters.refresh_tokens", soft_time_limit=80, time_limit=90)  # type: ignore[untyped-decorator]
def refresh_tokens() -> int:
    return async_to_sync(refreshing.refresh_due)()


@shared_task(name="clusters.tell_expiries")  # type: ignore[untyped-decorator]
def tell_expiries() -> int:
    return expiry.tell_expiries()


@shared_task(name="clusters.sweep_credentials")  # type: ignore[untyped-decorator]
def sweep_credentials() -> int:
    return vault.sweep()


def check_soon() -> None:
    """Start both rounds once the current transaction commits; what is lost the tick makes up."""
    transaction.on_commit(lambda: check_due.apply_async(expires=10), robust=True)
    transaction.on_commit(lambda: discover_due.apply_async(expires=30), robust=True)
