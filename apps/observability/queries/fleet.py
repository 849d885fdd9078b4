"""A question to the fleet as if it were one Prometheus that holds every cluster's series.

Where the clusters' answers only have to be put together they pass as bytes; everything else is
worked out by arithmetic, once they are all there.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from django.conf import settings

from apps.accounts.models import User
from apps.clusters.connection import Connection
from apps.http import Call
from apps.http.call import Berth
from apps.observability.arithmetic import decoding
from apps.observability.arithmetic.evaluation import evaluate, require_room
from apps.observability.arithmetic.rendering import render
from apps.observability.arithmetic.values import Grid, Value, Vector
from apps.observability.errors import NotExecutable
from apps.observability.federation import ahead, targets
from apps.observability.federation.ahead import Question
from apps.observability.federation.fan_out import Flow
from apps.observability.federation.merge import Part
from apps.observability.federation.outcome import SourceFailed
from apps.observability.promql import guard, split
from apps.observability.promql.plan import Leaf, Plan
from apps.observability.queries import asking
from apps.observability.queries.asking import Coverage
from apps.observability.queries.splicing import TRUNCATED, Splicing
from apps.observability.sources import prometheus
from apps.observability.sources.prometheus import Said

T = TypeVar("T")

# What one cluster brought to a plan: its part of each leaf that it was asked.
Parts = dict[Leaf, Vector]


@dataclass(frozen=True, slots=True)
class FleetQuery:
    """An instant query where the grid is one moment; durations are in seconds, 0 is unset."""

    text: str
    grid: Grid
    timeout: float
    lookback: float = 0.0
    limit: int = 0
    # Whose question it is.
    asker: str = ""

    @property
    def path(self) -> str:
        return asking.path_of(self.grid)

    def form(self, text: str) -> dict[str, str]:
        form = asking.form_of(text, self.grid, self.timeout)
        return form | {"lookback_delta": f"{self.lookback:.3f}"} if self.lookback else form


@dataclass(frozen=True, slots=True)
class Worked:
    """A whole answer: `result_type` as Prometheus names it, `result` as its JSON."""

    result_type: str
    result: bytes
    coverage: Coverage


def ask(user: User, query: FleetQuery) -> Worked | Splicing:
    """Return the answer, or one that is still growing; raise if not a single cluster answered."""
    expr = guard.read(query.text)
    if not query.grid.is_instant:
        guard.check_grid(expr, query.grid.start, query.grid.end, query.grid.step)
    query = replace(query, asker=str(user.pk))
    members = [one for one in targets.choose(user, ()) if "prometheus" in one.parts]
    plan = split.plan(expr, [one.name for one in members])
    if plan.kind in {"matrix", "string"} and not query.grid.is_instant:
        raise NotExecutable(
            f"A query over a range takes a vector or a number, and this is a {plan.kind}."
        )
    asking.let_go_of_the_database()
    if isinstance(plan.root, Leaf) and plan.is_plain:
        return _spliced(plan.root, plan.kind, query, members)
    return _worked_out(plan, query, members)


def _spliced(leaf: Leaf, kind: str, query: FleetQuery, members: list[Connection]) -> Splicing:
    shape = kind if query.grid.is_instant else "matrix"
    texts = {one.name: text for one in members if (text := leaf.text_for(one.name)) is not None}
    # One more tells whether there would be more.
    limit = {"limit": str(query.limit + 1)} if query.limit else {}
    calls = {
        text: asking.call_of(query.path, query.form(text) | limit, query.timeout)
        for text in set(texts.values())
    }

    async def ask_one(target: Connection) -> Said[Part]:
        return await asking.series(target, shape, calls[texts[target.name]])

    def calls_to(target: Connection) -> list[Call]:
        return [calls[texts[target.name]]]

    asked = [one for one in members if one.name in texts]
    flow = _flow(asked, ask_one, calls_to, query)
    return Splicing(shape, flow, Coverage(len(asked)), query.limit)


def _worked_out(plan: Plan, query: FleetQuery, members: list[Connection]) -> Worked:
    texts = _texts_of(plan, members)
    asked = [one for one in members if one.name in texts]
    calls = {
        text: asking.call_of(query.path, query.form(text), query.timeout)
        for leaves in texts.values()
        for text in leaves.values()
    }

    async def ask_one(target: Connection) -> Said[Parts]:
        return await _ask_leaves(target, texts[target.name], calls, query)

    def calls_to(target: Connection) -> list[Call]:
        return [calls[text] for text in dict.fromkeys(texts[target.name].values())]

    coverage = Coverage(len(asked))
    found: dict[str, Parts] = {}
    series = 0
    flow = _flow(asked, ask_one, calls_to, query)
    try:
        while outcomes := flow.take():
            for outcome in outcomes:
                said = coverage.note(outcome)
                if said is not None:
                    found[outcome.connection.name] = said.data
                    series += sum(map(len, said.data.values()))
            # Before more of them come than fit into memory.
            require_room(series, query.grid)
    finally:
        flow.close()
    coverage.require_one()
    by_leaf = {
        leaf: {name: parts[leaf] for name, parts in found.items() if leaf in parts}
        for leaf in plan.leaves
    }
    value = _limited(evaluate(plan, by_leaf, query.grid), query.limit, coverage)
    rendered = render(value, query.grid)
    return Worked(rendered.result_type, rendered.result, coverage)


def _texts_of(plan: Plan, members: Sequence[Connection]) -> dict[str, dict[Leaf, str]]:
    """Return what each cluster is asked for which leaf; some are asked nothing."""
    texts: dict[str, dict[Leaf, str]] = {}
    for target in members:
        for leaf in plan.leaves:
            text = leaf.text_for(target.name)
            if text is not None:
                texts.setdefault(target.name, {})[leaf] = text
    return texts


async def _ask_leaves(
    target: Connection, texts: Mapping[Leaf, str], calls: Mapping[str, Call], query: FleetQuery
) -> Said[Parts]:
    """A cluster that fails at one leaf fails: a ratio of a sum with it by one without is wrong."""
    said = {
        text: asyncio.ensure_future(_ask_leaf(target, calls[text], query))
        for text in dict.fromkeys(texts.values())
    }
    try:
        await asyncio.gather(*said.values())
    finally:
        for one in said.values():
            one.cancel()
    answers = {text: one.result() for text, one in said.items()}
    return Said(
        {leaf: answers[text].data for leaf, text in texts.items()},
        tuple(dict.fromkeys(w for one in answers.values() for w in one.warnings)),
        tuple(dict.fromkeys(w for one in answers.values() for w in one.infos)),
    )


async def _ask_leaf(target: Connection, call: Call, query: FleetQuery) -> Said[Vector]:
    said = await asking.ask(target, prometheus.RESULT, call)
    try:
        vector = decoding.read(said.data.resultType, bytes(said.data.result), query.grid)
    except decoding.Malformed as malformed:
        raise SourceFailed("CLUSTER_UNREACHABLE", str(malformed)) from None
    return Said(vector, said.warnings, said.infos)


def _limited(value: Value, limit: int, coverage: Coverage) -> Value:
    if not limit or not isinstance(value, dict) or len(value) <= limit:
        return value
    coverage.warnings.append(TRUNCATED)
    return dict(list(value.items())[:limit])


def _flow(
    asked: Sequence[Connection],
    ask_one: Callable[[Connection], Awaitable[Said[T]]],
    calls_to: Callable[[Connection], list[Call]],
    query: FleetQuery,
) -> Flow[Said[T]]:
    async def send(waiting: Sequence[tuple[Connection, Berth]]) -> Callable[[], None]:
        return await ahead.send(
            [Question(one, call, berth) for one, berth in waiting for call in calls_to(one)]
        )

    return Flow(
        asked,
        ask_one,
        deadline=query.timeout,
        at_once=settings.METRICS_CLUSTERS_AT_ONCE,
        asker=query.asker,
        ahead=send,
    )
