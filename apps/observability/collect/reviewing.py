"""What is known of the indicators, for somebody to look at; however much, by one query each."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from apps.observability.contract import IndicatorThresholds, IndicatorValue, IndicatorView
from apps.observability.models import (
    Indicator,
    IndicatorHour,
    IndicatorReading,
    IndicatorSample,
)

# Two rounds may fail before a value is taken for one of the past.
STALE_AFTER = timedelta(minutes=3)
BY_MINUTES = timedelta(days=1)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)

Names = Mapping[UUID, str]


@dataclass(frozen=True, slots=True)
class Clusters:
    """Clusters by name, and why the figures of some are kept from who looks.

    An indicator is of a whole cluster; what it comes to within some namespaces nobody knows.
    """

    names: Names
    kept_back: Names = field(default_factory=dict)

    @property
    def open(self) -> list[UUID]:
        return [one for one in self.names if one not in self.kept_back]

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[tuple[UUID, str, str]]:
        """Yield the id, the name, and what there is to remark."""
        for cluster_id, name in self.names.items():
            yield cluster_id, name, self.kept_back.get(cluster_id, "")


def thresholds_of(indicator: Indicator) -> IndicatorThresholds:
    return IndicatorThresholds.model_validate(indicator, from_attributes=True)


def newest(
    indicators: Sequence[Indicator], clusters: Clusters, now: datetime
) -> list[IndicatorView]:
    """Return each indicator with one value for each of `clusters`, in their order."""
    rows = IndicatorReading.objects.filter(indicator__in=indicators, cluster_id__in=clusters.open)
    known = {(row.indicator_id, row.cluster_id): row for row in rows}
    return [
        IndicatorView(
            name=indicator.name,
            title=indicator.title,
            description=indicator.description,
            unit=indicator.unit,
            thresholds=thresholds_of(indicator),
            values=[
                _value(cluster_id, name, remark, known.get((indicator.pk, cluster_id)), now)
                for cluster_id, name, remark in clusters
            ],
        )
        for indicator in indicators
    ]


def _value(
    cluster_id: UUID, name: str, remark: str, row: IndicatorReading | None, now: datetime
) -> IndicatorValue:
    stale = row is not None and now - row.at > STALE_AFTER
    return IndicatorValue(
        cluster_id=cluster_id,
        cluster_name=name,
        remark=remark,
        value=row.value if row else None,
        state="UNKNOWN" if row is None or stale else row.state,
        at=row.at if row else None,
        stale=stale,
    )


@dataclass(frozen=True, slots=True)
class Window:
    """The time from `since` to `now`, by minutes where it is a day or less, and else by hours."""

    since: datetime
    now: datetime

    @property
    def step(self) -> timedelta:
        # Whoever asks for the past day is a moment late.
        return MINUTE if self.now - self.since <= BY_MINUTES + MINUTE else HOUR

    @property
    def points(self) -> int:
        return max(0, (self.now - self.since) // self.step)


def series(indicator: Indicator, clusters: Clusters, window: Window) -> list[dict[str, Any]]:
    """Return an IndicatorLine for each of `clusters`, as plain values: there are many points."""
    points: dict[UUID, list[dict[str, Any]]] = {cluster_id: [] for cluster_id in clusters.names}
    read = _minutes if window.step == MINUTE else _hours
    for cluster_id, point in read(indicator, clusters.open, window):
        points[cluster_id].append(point)
    return [
        {
            "cluster_id": cluster_id,
            "cluster_name": name,
            "remark": remark,
            "points": points[cluster_id],
        }
        for cluster_id, name, remark in clusters
    ]


def _minutes(
    indicator: Indicator, cluster_ids: Sequence[UUID], window: Window
) -> list[tuple[UUID, dict[str, Any]]]:
    rows = IndicatorSample.objects.filter(
        cluster_id__in=cluster_ids, indicator=indicator, at__gte=window.since, at__lte=window.now
    ).order_by("cluster_id", "at")
    return [
        (
            cluster_id,
            {"at": at, "value": value, "minimum": value, "maximum": value, "last": value},
        )
        for cluster_id, at, value in rows.values_list("cluster_id", "at", "value")
    ]


def _hours(
    indicator: Indicator, cluster_ids: Sequence[UUID], window: Window
) -> list[tuple[UUID, dict[str, Any]]]:
    rows = IndicatorHour.objects.filter(
        cluster_id__in=cluster_ids,
        indicator=indicator,
        hour__gte=window.since,
        hour__lte=window.now,
    ).order_by("cluster_id", "hour")
    names = ("cluster_id", "hour", "average", "minimum", "maximum", "last")
    return [
        (
            cluster_id,
            {"at": at, "value": average, "minimum": lowest, "maximum": highest, "last": last},
        )
        for cluster_id, at, average, lowest, highest, last in rows.values_list(*names)
    ]
