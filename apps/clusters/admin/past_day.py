"""The last day of one cluster's checks, summed up by the database: one query, 96 rows at most."""

from datetime import datetime

from django.db.models import Avg, Case, Count, DateTimeField, F, Func, Max, Min, When

from apps.clusters.admin.day_chart import BY_GRAVITY, Slot
from apps.clusters.models import Cluster, HealthCheck

_slot = Func(
    F("checked_at"),
    template="date_bin('15 minutes', %(expressions)s, TIMESTAMPTZ 'epoch')",
    output_field=DateTimeField(),
)
_gravity = Case(*(When(state=state, then=place) for place, state in enumerate(BY_GRAVITY)))


def read_slots(cluster: Cluster, since: datetime, until: datetime) -> list[Slot]:
    checks = HealthCheck.objects.filter(
        cluster=cluster, checked_at__gte=since, checked_at__lte=until
    )
    rows = (
        checks.values(slot=_slot)
        .annotate(
            made=Count("pk"),
            worst=Min(_gravity),
            average=Avg("latency_ms"),
            slowest=Max("latency_ms"),
        )
        .order_by("slot")
    )
    return [
        Slot(
            row["slot"],
            row["made"],
            BY_GRAVITY[row["worst"]],
            None if row["average"] is None else float(row["average"]),
            row["slowest"],
        )
        for row in rows
    ]
