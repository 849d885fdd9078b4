"""What beat starts in the background."""

from celery import shared_task

from apps import lasting_loop
from apps.observability.actions import collecting, history
from apps.observability.actions.alerts import notifying, reconciling, sweeping


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
