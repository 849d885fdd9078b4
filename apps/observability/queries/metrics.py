"""PromQL to each cluster: an answer or a failure of each, and a sentence on who is missing.

Where it is wanted, the answers are reckoned together by the labels that they have in common.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from django.conf import settings
from promql_parser import Expr

from apps import lasting_loop
from apps.accounts.models import User
from apps.clusters.connection import Connection
from apps.http import MIB
from apps.observability.arithmetic import decoding
from apps.observability.arithmetic.evaluation import evaluate, require_room
from apps.observability.arithmetic.rendering import Rendered, render
from apps.observability.arithmetic.values import Grid, Vector
from apps.observability.errors import NotSplittable
from apps.observability.federation import targets
from apps.observability.federation.fan_out import ask_each
from apps.observability.federation.outcome import Answer, Outcome, SourceFailed
from apps.observability.promql import guard, tree
from apps.observability.promql.naming import CLUSTER
from apps.observability.promql.narrowing import Texts
from apps.observability.promql.plan import Aggregation, Grouping, Leaf, Plan
from apps.observability.promql.writing import write
from apps.observability.queries import asking
from apps.observability.queries.asking import Coverage
from apps.observability.sources.prometheus import QueryResult

Aggregate = Literal["MERGE", "SUM", "AVG", "MAX", "MIN"]


@dataclass(frozen=True, slots=True)
class Question:
    """An instant query where the grid is one moment. `timeout` is for all, in seconds."""

    text: str
    grid: Grid
    timeout: float
    cluster_ids: Sequence[UUID] = field(default_factory=tuple)
    aggregate: Aggregate = "MERGE"


@dataclass(frozen=True, slots=True)
class FleetAnswer:
    """`aggregated` is there where it was asked for."""

    outcomes: list[Outcome[QueryResult]]
    coverage: Coverage
    elapsed_ms: int
    aggregated: Rendered | None = None

    @property
    def warnings(self) -> list[str]:
        return [*self.coverage.warnings, *self.coverage.infos]


@dataclass(slots=True)
class Room:
    """What the answers of all clusters may take together, for they are held until all are there."""

    size: int
    left: int

    def take(self, answer: bytes) -> None:
        if len(answer) > self.left:
            # From here on none gets in: else it would be chance which of the small ones do.
            self.left = 0
        self.check()
        self.left -= len(answer)

    def check(self) -> None:
        if self.left <= 0:
            raise SourceFailed(
                "PAYLOAD_TOO_LARGE",
                f"the answers of all clusters together are larger than {self.size / MIB:g} MiB; "
                "ask for less, or for fewer clusters at once",
            )


def ask(user: User, question: Question) -> FleetAnswer:
    """Ask every chosen cluster; raise only if not a single one answered."""
    started = time.perf_counter()
    expr = guard.read(question.text)
    if not question.grid.is_instant:
        guard.check_grid(expr, question.grid.start, question.grid.end, question.grid.step)
    meant = _meant(expr, question.text, targets.choose(user, question.cluster_ids))
    asking.let_go_of_the_database()
    outcomes = lasting_loop.submit(_ask_all(meant, question, str(user.pk))).result()
    coverage = Coverage(len(outcomes))
    for outcome in outcomes:
        coverage.note(outcome)
    if coverage.failures and not coverage.answered:
        raise asking.all_failed(coverage.failures)
    if question.aggregate == "MERGE":
        return FleetAnswer(outcomes, coverage, _since(started))
    aggregated, remarks = _reckon(outcomes, question)
    coverage.warnings += remarks
    return FleetAnswer(outcomes, coverage, _since(started), aggregated)


def _meant(expr: Expr, text: str, members: Sequence[Connection]) -> list[tuple[Connection, str]]:
    """Return whom the query means by its matchers on `cluster`, and what to send to each.

    One that says nothing of `cluster` is sent as it was written.
    """
    if CLUSTER not in write(expr) or not tree.selectors(expr):
        return [(one, text) for one in members]
    texts = Texts(expr)
    for one in members:
        if texts.means_beside_others(one.name):
            raise NotSplittable(
                f"a part of this query means {one.name}, and another part does not; here each "
                "cluster answers for itself. Ask /prometheus/api/v1, or each cluster on its own"
            )
    sent = [(one, texts(one.name)) for one in members]
    return [(one, text) for one, text in sent if text is not None]


def _reckon(outcomes: list[Outcome[QueryResult]], question: Question) -> tuple[Rendered, list[str]]:
    """Return one result of all clusters by label set, and which clusters it could not include."""
    leaf = Leaf(lambda _: question.text)
    whole = Aggregation(question.aggregate.lower(), leaf, Grouping((CLUSTER,), by=False))
    parts: dict[str, Vector] = {}
    remarks = []
    for answer in outcomes:
        if not isinstance(answer, Answer):
            continue
        name, result = answer.connection.name, answer.value
        try:
            parts[name] = decoding.read(result.result_type, result.result, question.grid)
            require_room(sum(map(len, parts.values())), question.grid)
        except decoding.Malformed as malformed:
            remarks.append(f"{name}: not in the {question.aggregate.lower()}: {malformed}")
    value = evaluate(Plan(whole), {leaf: parts}, question.grid)
    return render(value, question.grid), remarks


def _since(started: float) -> int:
    return round((time.perf_counter() - started) * 1000)


async def _ask_all(
    meant: Sequence[tuple[Connection, str]], question: Question, asker: str
) -> list[Outcome[QueryResult]]:
    path = asking.path_of(question.grid)
    texts = {target.cluster_id: text for target, text in meant}

    size = int(settings.METRICS_ANSWER_CAP_MIB * MIB)
    room = Room(size, size)

    async def ask_one(target: Connection) -> QueryResult:
        room.check()
        form = asking.form_of(texts[target.cluster_id], question.grid, question.timeout)
        result = await asking.query(target, path, form, question.timeout)
        room.take(result.result)
        return result

    return await ask_each(
        [target for target, _ in meant],
        ask_one,
        deadline=question.timeout,
        at_once=settings.METRICS_CLUSTERS_AT_ONCE,
        asker=asker,
    )
