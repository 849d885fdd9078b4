"""What beat and the doors start in the background."""

from functools import partial

from asgiref.sync import async_to_sync
from celery import shared_task
from django.conf import settings
from django.db import transaction

from apps import lasting_loop, workers
from apps.clusters.actions import checking, discovering, expiry, history, refreshing
from apps.clusters.vault import store as vault

# A round claims for a minute and lets the slowest check of contracts (30 s) run out. Its workers
# run threads, in which Celery enforces no limit. A tick that gets lost is followed by another one:
# acknowledged at once, it is not what Celery would have to stop when Redis goes away.
ROUND_SECONDS = 150
CHECKS = {"acks_late": False}
# Of a worker that is away; what has expired is taken out of its queue by nobody else.
MOST_WAITING = 3


@shared_task(name="clusters.check_due", **CHECKS)  # type: ignore[untyped-decorator]
def check_due() -> int:
    """Check the first part of the fleet, and have the other parts' workers check theirs."""
    for part in range(1, settings.CHECK_PARTS):
        queue = workers.queue_of(part)
        if workers.waiting_in(queue) < MOST_WAITING:
            check_part.apply_async((part,), queue=queue, expires=4)
    made: int = check_part(0)
    return made


@shared_task(name="clusters.check_part", **CHECKS)  # type: ignore[untyped-decorator]
def check_part(part: int) -> int:
    workers.show_life(workers.checking(part))
    return lasting_loop.run(partial(checking.check_due, part), within=ROUND_SECONDS)


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
