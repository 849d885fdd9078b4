"""Asks a plan's leaves of real servers and works out the rest."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from apps.observability.arithmetic import decoding, evaluation, rendering
from apps.observability.arithmetic.values import Grid, Vector, labels_of
from apps.observability.promql import naming
from apps.observability.promql.plan import Leaf, Plan
from tests.observability.real_fleet import INSTANT, RANGE, Server


@dataclass(frozen=True)
class Question:
    """A query at one moment, or over the range."""

    query: str
    over_a_range: bool

    @property
    def grid(self) -> Grid:
        return Grid(**RANGE) if self.over_a_range else Grid.at(INSTANT)

    def form(self, text: str) -> tuple[str, dict[str, str]]:
        if self.over_a_range:
            return "query_range", {"query": text, **{key: str(RANGE[key]) for key in RANGE}}
        return "query", {"query": text, "time": str(INSTANT)}

    def ask(self, server: Server, text: str) -> tuple[int, dict[str, Any]]:
        return server.ask(*self.form(text))


class ClusterRefused(Exception):
    """A cluster does not answer its leaf."""


def answer(question: Question, plan: Plan, servers: Mapping[str, Server]) -> rendering.Rendered:
    grid = question.grid
    parts = {leaf: _parts(question, leaf, servers, grid) for leaf in plan.leaves}
    return rendering.render(evaluation.evaluate(plan, parts, grid), grid)


def answer_of_whole(question: Question, plan: Plan, whole: Server) -> rendering.Rendered:
    """Ask the leaves of the server that holds all, and cut what it says into the clusters'."""
    grid = question.grid
    parts: dict[Leaf, dict[str, Vector]] = {}
    for leaf in plan.leaves:
        of_leaf = parts.setdefault(leaf, {})
        for labels, samples in _parts(question, leaf, {"": whole}, grid).get("", {}).items():
            there = dict(labels)
            cluster = there.pop("cluster", "")
            theirs = labels_of({naming.upstream(name): there[name] for name in there})
            of_leaf.setdefault(cluster, {})[theirs] = samples
    return rendering.render(evaluation.evaluate(plan, parts, grid), grid)


def _parts(
    question: Question, leaf: Leaf, servers: Mapping[str, Server], grid: Grid
) -> dict[str, Vector]:
    found = {}
    for cluster, server in servers.items():
        text = leaf.text_for(cluster)
        if text is None:
            continue
        status, said = question.ask(server, text)
        if status != 200:
            raise ClusterRefused(f"{cluster} of {text}: {said['error']}")
        data = said["data"]
        found[cluster] = decoding.read(
            data["resultType"], msgspec.json.encode(data["result"]), grid
        )
    return found
