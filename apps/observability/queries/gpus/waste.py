"""Who held GPUs over a time, what of it was used, what it cost, and who holds them for nothing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import add
from typing import Any, NamedTuple
from uuid import UUID

from apps.accounts.models import User
from apps.observability.gpus import prices
from apps.observability.gpus.prices import Prices
from apps.observability.models import GpuHours, GpuLedger
from apps.observability.models.gpu_price import GpuPricing
from apps.observability.queries.alerts.around import rows_of
from apps.observability.queries.gpus import claims, sight
from apps.observability.queries.gpus.sight import Label, Sight

HOUR = timedelta(hours=1)
MOST = 200
_SUMS = (
    "sum(held) AS held, sum(used) AS used, sum(wasted) AS wasted, sum(unmeasured) AS unmeasured,"
    " sum(kwh) AS kwh"
)
# Each by the models of the cards, which have their prices.
_HOURS = f"""
WITH hours AS ({{}}),
    parts AS MATERIALIZED (
        SELECT cluster_id, namespace, owner, model, {_SUMS} FROM hours GROUP BY 1, 2, 3, 4
    ),
    owners AS (
        SELECT cluster_id, namespace, owner, count(*) OVER () AS number FROM parts GROUP BY 1, 2, 3
        ORDER BY sum(wasted) DESC, sum(held) DESC, 1, 2, 3 LIMIT {MOST}
    ),
    namespaces AS (
        SELECT cluster_id, namespace, count(*) OVER () AS number FROM parts GROUP BY 1, 2
        ORDER BY sum(wasted) DESC, sum(held) DESC, 1, 2 LIMIT {MOST}
    )
SELECT 'cluster', 0, cluster_id, '', '', model, {_SUMS} FROM parts GROUP BY cluster_id, model
UNION ALL
SELECT 'namespace', number, cluster_id, namespace, '', model, {_SUMS}
FROM parts JOIN namespaces USING (cluster_id, namespace)
GROUP BY cluster_id, namespace, model, number
UNION ALL
SELECT 'owner', number, cluster_id, namespace, owner, model, held, used, wasted, unmeasured, kwh
FROM parts JOIN owners USING (cluster_id, namespace, owner)
"""  # noqa: S608 - names and a number of ours, no input

Key = tuple[UUID, str, str]


class Sums(NamedTuple):
    """GPU-hours of whole cards, and kWh."""

    held: float = 0.0
    used: float = 0.0
    wasted: float = 0.0
    unmeasured: float = 0.0
    kwh: float = 0.0


ByModel = dict[str, Sums]


@dataclass(frozen=True, slots=True)
class Wish:
    """What is looked for; what is empty does not matter."""

    since: datetime
    until: datetime
    cluster_ids: tuple[UUID, ...] = ()
    labels: tuple[Label, ...] = ()
    namespaces: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()


def measure(user: User, wish: Wish, now: datetime) -> dict[str, Any]:
    """Return what `contract_gpu_use.GpuWaste` says of what `user` may see."""
    seen = sight.of(user, wish.cluster_ids, wish.labels)
    known = prices.made_of(GpuPricing.objects.with_models().first())
    since, until = _hour_of(wish.since), _hour_of(wish.until + HOUR - timedelta(microseconds=1))
    kinds, counts = _hours(seen, wish, since, until)
    by_model = _put_together(kinds["cluster"].values())
    held = claims.idle(seen, wish.namespaces, wish.owners, now)
    return {
        "since": since,
        "until": min(until, max(now, wish.until)),
        "added_up_until": GpuLedger.objects.values_list("until", flat=True).first(),
        "currency": known.currency,
        **_figures(by_model, known),
        "by_model": [
            {"model": name or None, **_figures({name: sums}, known)}
            for name, sums in by_model.items()
        ],
        "by_cluster": _listed(kinds["cluster"], seen, known, ()),
        "by_namespace": _listed(kinds["namespace"], seen, known, ("namespace",)),
        "namespaces": counts.get("namespace", 0),
        "by_owner": _listed(kinds["owner"], seen, known, ("namespace", "owner")),
        "owners": counts.get("owner", 0),
        "idle": [_idle(one, seen, known, now) for one in held.shown],
        "idle_holds": held.count,
        "idle_gpus": round(held.gpus, 3),
    }


def _hours(
    seen: Sight, wish: Wish, since: datetime, until: datetime
) -> tuple[dict[str, dict[Key, ByModel]], dict[str, int]]:
    """Return the hours by cluster, namespace and owner, and how many there are of each."""
    hours = GpuHours.objects.visible_to(seen.user).filter(
        cluster_id__in=seen.clusters, hour__gte=since, hour__lt=until
    )
    if wish.namespaces:
        hours = hours.filter(namespace__in=wish.namespaces)
    if wish.owners:
        hours = hours.filter(owner__in=wish.owners)
    kinds: dict[str, dict[Key, ByModel]] = {"cluster": {}, "namespace": {}, "owner": {}}
    counts: dict[str, int] = {}
    columns = ("cluster_id", "namespace", "owner", "model", *Sums._fields)
    for kind, number, cluster_id, namespace, owner, model, *sums in rows_of(
        _HOURS, hours.values(*columns)
    ):
        counts[kind] = number
        kinds[kind].setdefault((cluster_id, namespace, owner), {})[model] = Sums(*sums)
    return kinds, counts


def _put_together(parts: Iterable[ByModel]) -> ByModel:
    """Add up the clusters' hours by model, that with most waste first."""
    found: ByModel = {}
    for part in parts:
        for model, sums in part.items():
            found[model] = Sums(*map(add, found.get(model, Sums()), sums))
    return dict(sorted(found.items(), key=lambda one: (-one[1].wasted, -one[1].held, one[0])))


def _listed(
    groups: Mapping[Key, ByModel], seen: Sight, known: Prices, names: tuple[str, ...]
) -> list[dict[str, Any]]:
    found = []
    for (cluster_id, *named), by_model in groups.items():
        place = {"cluster_id": cluster_id, "cluster_name": seen.name_of(cluster_id)}
        of = dict(zip(names, named, strict=False))
        found.append({**place, **of, **_figures(by_model, known)})

    def order(one: dict[str, Any]) -> tuple[Any, ...]:
        place = (one["cluster_name"], *(one[name] for name in names))
        return (-one["wasted_gpu_hours"], -one["held_gpu_hours"], *place)

    return sorted(found, key=order)


def _figures(by_model: ByModel, known: Prices) -> dict[str, Any]:
    held, used, wasted, unmeasured, kwh = (
        sum(column) for column in zip(*(by_model.values() or [Sums()]), strict=True)
    )
    # Whoever held a card drew something: that it is nothing is that nobody told.
    is_measured = kwh > 0 or held == 0
    cost = prices.cost_of_hours({name: one.held for name, one in by_model.items()}, known)
    wasted_cost = prices.cost_of_hours({name: one.wasted for name, one in by_model.items()}, known)
    energy_cost = prices.cost_of_energy(kwh, known) if is_measured else None
    return {
        "held_gpu_hours": round(held, 3),
        "used_gpu_hours": round(used, 3),
        "wasted_gpu_hours": round(wasted, 3),
        "unmeasured_gpu_hours": round(unmeasured, 3),
        "kwh": round(kwh, 3) if is_measured else None,
        "cost": _money(cost),
        "wasted_cost": _money(wasted_cost),
        "energy_cost": _money(energy_cost),
    }


def _idle(claim: Any, seen: Sight, known: Prices, now: datetime) -> dict[str, Any]:
    told = claims.describe(claim, seen, now)
    hours, price = told["idle_gpu_hours"], known.of_an_hour(told["gpu_name"])
    cost = None if hours is None or price is None else hours * price
    return {**told, "idle_cost": _money(cost)}


def _money(sum_: float | None) -> float | None:
    return None if sum_ is None else round(sum_, 2)


def _hour_of(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)
