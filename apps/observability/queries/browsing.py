"""What there is in the fleet: series, labels and their values, metadata, rules and alerts."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

from django.conf import settings

from apps import lasting_loop
from apps.accounts.models import User
from apps.clusters.connection import Connection
from apps.observability.federation import targets
from apps.observability.federation.fan_out import ask_each
from apps.observability.promql import guard, naming, split
from apps.observability.promql.naming import CLUSTER, under
from apps.observability.queries import asking
from apps.observability.queries.asking import Coverage, Params
from apps.observability.queries.splicing import TRUNCATED
from apps.observability.sources import prometheus
from apps.observability.sources.prometheus import Decoder, Said

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Scope:
    """What is looked through. Times are as Prometheus takes them; without `match` it is all."""

    match: Sequence[str] = ()
    params: Params = field(default_factory=dict)
    timeout: float = 30.0
    limit: int = 0
    cluster_ids: Sequence[UUID] = ()


@dataclass(frozen=True, slots=True)
class Found:
    data: Any
    coverage: Coverage


def series(user: User, scope: Scope) -> Found:
    said, coverage = _ask(user, scope, "series", prometheus.LABEL_SETS)
    found = [under(name, labels) for name, sets in said.items() for labels in sets]
    return Found(_limited(found, scope, coverage), coverage)


def labels(user: User, scope: Scope) -> Found:
    said, coverage = _ask(user, scope, "labels", prometheus.WORDS)
    found = {naming.fleetwide(label) for words in said.values() for label in words}
    if found:
        found.add(CLUSTER)
    return Found(_limited(sorted(found), scope, coverage), coverage)


def label_values(user: User, name: str, scope: Scope) -> Found:
    if name == CLUSTER:
        return _clusters(user, scope)
    path = f"label/{naming.upstream(name)}/values"
    said, coverage = _ask(user, scope, path, prometheus.WORDS)
    found = {word for words in said.values() for word in words}
    return Found(_limited(sorted(found), scope, coverage), coverage)


def metadata(user: User, scope: Scope) -> Found:
    said, coverage = _ask(user, scope, "metadata", prometheus.METADATA)
    found: dict[str, list[dict[str, str]]] = {}
    for metrics in said.values():
        for metric, entries in metrics.items():
            known = found.setdefault(metric, [])
            known += [entry for entry in entries if entry not in known]
    if scope.limit:
        found = dict(sorted(found.items())[: scope.limit])
    return Found(found, coverage)


def rules(user: User, scope: Scope) -> Found:
    said, coverage = _ask(user, scope, "rules", prometheus.RULES)
    groups = [_group(name, group) for name, answer in said.items() for group in answer.groups]
    return Found({"groups": groups}, coverage)


def alerts(user: User, scope: Scope) -> Found:
    said, coverage = _ask(user, scope, "alerts", prometheus.ALERTS)
    found = [_labelled(name, one) for name, answer in said.items() for one in answer.alerts]
    return Found({"alerts": found}, coverage)


def _clusters(user: User, scope: Scope) -> Found:
    """Return the clusters' names: without a `match`, of all; with one, of those with series."""
    if not scope.match:
        names = [one.name for one in _members(user, scope)]
        return Found(_limited(names, scope, Coverage(0)), Coverage(0))
    said, coverage = _ask(user, scope, "labels", prometheus.WORDS)
    names = sorted(name for name, words in said.items() if words)
    return Found(_limited(names, scope, coverage), coverage)


def _ask(user: User, scope: Scope, path: str, shape: Decoder[T]) -> tuple[dict[str, T], Coverage]:
    """Return what each cluster said, by its name; raise if not a single one answered."""
    members = _members(user, scope)
    asking.let_go_of_the_database()
    wanted = _wanted([one.name for one in members], scope)
    asked = [one for one in members if one.name in wanted]

    async def ask_one(target: Connection) -> Said[T]:
        return await asking.get(target, shape, path, wanted[target.name], scope.timeout)

    coverage = Coverage(len(asked))
    said: dict[str, T] = {}
    for outcome in lasting_loop.submit(_each(asked, ask_one, scope.timeout, str(user.pk))).result():
        answer = coverage.note(outcome)
        if answer is not None:
            said[outcome.connection.name] = answer.data
    coverage.require_one()
    return said, coverage


async def _each(
    asked: Sequence[Connection],
    ask_one: Callable[[Connection], Awaitable[Said[T]]],
    deadline: float,
    asker: str,
) -> list[Any]:
    return await ask_each(
        asked,
        ask_one,
        deadline=deadline,
        at_once=settings.METRICS_CLUSTERS_AT_ONCE,
        asker=asker,
    )


def _members(user: User, scope: Scope) -> list[Connection]:
    chosen = targets.choose(user, scope.cluster_ids)
    return [one for one in chosen if "prometheus" in one.parts]


def _wanted(names: Iterable[str], scope: Scope) -> dict[str, Params]:
    """Return what to send to each cluster that is meant at all."""
    limit = {"limit": str(scope.limit)} if scope.limit else {}
    params: Params = {**scope.params, **limit}
    if not scope.match:
        return dict.fromkeys(names, params)
    texts = [
        split.selector_texts(guard.read_selector(text, may_be_wide=True)) for text in scope.match
    ]
    wanted: dict[str, Params] = {}
    for name in names:
        match = [said for text_for in texts if (said := text_for(name)) is not None]
        if match:
            wanted[name] = {**params, "match[]": match}
    return wanted


def _limited(found: list[T], scope: Scope, coverage: Coverage) -> list[T]:
    if not scope.limit or len(found) <= scope.limit:
        return found
    coverage.warnings.append(TRUNCATED)
    return found[: scope.limit]


def _group(cluster: str, group: dict[str, Any]) -> dict[str, Any]:
    # Groups are told apart by file and name, which the clusters have in common.
    return {
        **group,
        "file": f"{cluster}/{group.get('file', '')}",
        "rules": [_rule(cluster, rule) for rule in _objects(group.get("rules"))],
    }


def _rule(cluster: str, rule: dict[str, Any]) -> dict[str, Any]:
    changed = _labelled(cluster, rule)
    if "alerts" in rule:
        changed["alerts"] = [_labelled(cluster, one) for one in _objects(rule["alerts"])]
    return changed


def _labelled(cluster: str, one: dict[str, Any]) -> dict[str, Any]:
    labels = one.get("labels")
    kept = labels if isinstance(labels, dict) else {}
    return {**one, "labels": under(cluster, dict(kept))}


def _objects(found: object) -> list[dict[str, Any]]:
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
