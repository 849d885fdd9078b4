"""What beat starts in the background."""

from celery import shared_task

from apps import lasting_loop
from apps.observability.actions import collecting, history


# A round has thirty seconds to ask; the rest is for storing.
@shared_task(name="observability.collect_indicators", soft_time_limit=50, time_limit=58)  # type: ignore[untyped-decorator]
def collect_indicators() -> int:
    return lasting_loop.run(collecting.collect)


@shared_task(name="observability.tidy_indicators")  # type: ignore[untyped-decorator]
def tidy_indicators() -> int:
    return history.tidy()
