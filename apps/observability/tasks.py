"""What beat and the doors start in the background."""

from collections.abc import Iterable
from functools import partial
from uuid import UUID

from celery import shared_task
from django.db import transaction

from apps import lasting_loop
from apps.observability.actions import collecting, history
from apps.observability.actions.alerts import looking_again, notifying, reconciling, sweeping
from apps.observability.actions.gpus import collecting as gpus
from apps.observability.actions.gpus import summing, tidying


# A round has thirty seconds to ask; the rest is for storing.
@shared_task(name="observability.collect_indicators", soft_time_limit=50, time_limit=58)  # type: ignore[untyped-decorator]
def collect_indicators() -> int:
    return lasting_loop.run(collecting.collect)


@shared_task(name="observability.tidy_indicators")  # type: ignore[untyped-decorator]
def tidy_indicators() -> int:
    return history.tidy()


# As above: what is left after the asking is for storing, of which a storm brings much.
@shared_task(name="observability.reconcile_alerts", soft_time_limit=110, time_limit=118)  # type: ignore[untyped-decorator]
def reconcile_alerts() -> int:
    return lasting_loop.run(reconciling.reconcile)


@shared_task(name="observability.look_again", soft_time_limit=50, time_limit=58)  # type: ignore[untyped-decorator]
def look_again(cluster_ids: list[str]) -> int:
    return lasting_loop.run(partial(looking_again.look_again, list(map(UUID, cluster_ids))))


def look_again_soon(cluster_ids: Iterable[UUID]) -> None:
    """Ask these what fires once the transaction commits; what is lost the tick makes up."""
    if ids := sorted(map(str, cluster_ids)):
        transaction.on_commit(lambda: look_again.apply_async((ids,), expires=20), robust=True)


@shared_task(name="observability.sweep_alerts")  # type: ignore[untyped-decorator]
def sweep_alerts() -> int:
    return sweeping.sweep()


# A round goes on for twenty seconds while there is something to tell; the last deliveries take ten.
@shared_task(name="observability.notify", soft_time_limit=50, time_limit=58)  # type: ignore[untyped-decorator]
def notify() -> int:
    return lasting_loop.run(notifying.notify)


@shared_task(name="observability.tidy_notifications")  # type: ignore[untyped-decorator]
def tidy_notifications() -> int:
    return notifying.tidy()


# A round has twelve seconds to ask; a large fleet's readings are stored in ten more.
@shared_task(name="observability.collect_gpu_series", soft_time_limit=50, time_limit=58)  # type: ignore[untyped-decorator]
def collect_gpu_series() -> int:
    return lasting_loop.run(gpus.by_series)


@shared_task(name="observability.collect_gpu_commands", soft_time_limit=50, time_limit=58)  # type: ignore[untyped-decorator]
def collect_gpu_commands() -> int:
    return lasting_loop.run(gpus.by_commands)


@shared_task(name="observability.look_at_gpus", soft_time_limit=20, time_limit=28)  # type: ignore[untyped-decorator]
def look_at_gpus() -> int:
    return lasting_loop.run(gpus.of_looked_at)


@shared_task(name="observability.sum_up_gpus", soft_time_limit=240, time_limit=280)  # type: ignore[untyped-decorator]
def sum_up_gpus() -> int:
    return summing.sum_up()


@shared_task(name="observability.tidy_gpus")  # type: ignore[untyped-decorator]
def tidy_gpus() -> int:
    return tidying.tidy()
