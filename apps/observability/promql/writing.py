"""A parsed query written as text, as it was read or in other words.

The parser's nodes cannot be made or changed, so a changed query is written anew and parsed again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from promql_parser import (
    AggregateExpr,
    AtModifier,
    AtModifierType,
    BinaryExpr,
    Call,
    Expr,
    Matcher,
    MatrixSelector,
    NumberLiteral,
    ParenExpr,
    StringLiteral,
    SubqueryExpr,
    UnaryExpr,
    VectorSelector,
)

from apps.observability.promql.naming import quoted, written
from apps.observability.promql.tree import (
    Joined,
    bare,
    grouping,
    joined,
    label_arguments,
    milliseconds,
    operator,
    sign,
)

_GROUPS = {"ManyToOne": "group_left", "OneToMany": "group_right"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS = (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1))


@dataclass(frozen=True, slots=True)
class Wording:
    """What is written otherwise than it was read.

    `matchers` gives what a selector's braces hold; `label` another name for a label, or None to
    leave it out of the list that it is in.
    """

    matchers: Callable[[VectorSelector], Sequence[Matcher]] = lambda selector: (
        selector.matchers.matchers
    )
    label: Callable[[str], str | None] = lambda label: label
    # What a subquery without a step has for one; None leaves it to whom it is sent.
    step: timedelta | None = None

    def labels(self, names: Sequence[str]) -> str:
        said = [self.label(name) for name in names]
        return "(" + ", ".join(written(name) for name in said if name is not None) + ")"


AS_READ = Wording()


def write(expr: Expr, wording: Wording = AS_READ) -> str:
    return _WRITERS[type(expr)](expr, wording)


def _vector(expr: VectorSelector, wording: Wording) -> str:
    return _selector(expr, wording) + _placed(expr.at, expr.offset)


def _matrix(expr: MatrixSelector, wording: Wording) -> str:
    inner = expr.vector_selector
    span = f"[{_duration(expr.range)}]"
    return _selector(inner, wording) + span + _placed(inner.at, inner.offset)


def _binary(expr: BinaryExpr, wording: Wording) -> str:
    left, right = write(expr.lhs, wording), write(expr.rhs, wording)
    return f"{left} {operator(expr)}{_modifiers(joined(expr), wording)} {right}"


def _selector(expr: VectorSelector, wording: Wording) -> str:
    if expr.matchers.or_matchers:
        # What is not written is not limited either: never leave them out in silence.
        raise ValueError(
            "`or` between matchers is not PromQL of Prometheus; write two selectors, with `or` "
            "between them"
        )
    inside = ",".join(
        f"{written(one.name)}{sign(one)}{quoted(one.value)}" for one in wording.matchers(expr)
    )
    return (expr.name or "") + (f"{{{inside}}}" if inside or not expr.name else "")


def _placed(at: AtModifier | None, offset: timedelta | None) -> str:
    return _at(at) + _offset(offset)


def _at(at: AtModifier | None) -> str:
    if at is None:
        return ""
    if at.at is None:
        return f" @ {'start' if at.type == AtModifierType.Start else 'end'}()"
    seconds, rest = divmod(milliseconds(at.at - _EPOCH), 1000)
    return f" @ {seconds}.{rest:03d}"


def _offset(offset: timedelta | None) -> str:
    if offset is None:
        return ""
    return f" offset {'-' if offset < timedelta() else ''}{_duration(abs(offset))}"


def _duration(span: timedelta) -> str:
    rest, said = milliseconds(span), ""
    for unit, size in _UNITS:
        count, rest = divmod(rest, size)
        said += f"{count}{unit}" if count else ""
    return said or "0s"


def _subquery(expr: SubqueryExpr, wording: Wording) -> str:
    step = expr.step or wording.step
    span = f"[{_duration(expr.range or timedelta())}:{_duration(step) if step else ''}]"
    return write(expr.expr, wording) + span + _placed(expr.at, expr.offset)


def _aggregation(expr: AggregateExpr, wording: Wording) -> str:
    by, labels = grouping(expr)
    # `by ()` is what is meant without it, `without ()` is not.
    within = f" {'by' if by else 'without'} {wording.labels(labels)} " if labels or not by else ""
    parameter = ""
    if expr.param is not None:
        wrote = _label if operator(expr) == "count_values" else write
        parameter = wrote(expr.param, wording) + ", "
    return f"{operator(expr)}{within}({parameter}{write(expr.expr, wording)})"


def _modifiers(said: Joined, wording: Wording) -> str:
    parts = [" bool"] if said.returns_bool else []
    if said.on is not None:
        parts.append(f" {'on' if said.on else 'ignoring'} {wording.labels(said.labels)}")
    if said.card in _GROUPS:
        parts.append(f" {_GROUPS[said.card]} {wording.labels(said.include)}")
    return "".join(parts)


def _call(expr: Call, wording: Wording) -> str:
    named = label_arguments(expr)
    said = [
        _label(one, wording) if index in named else write(one, wording)
        for index, one in enumerate(expr.args)
    ]
    return f"{expr.func.name}({', '.join(said)})"


def _label(expr: Expr, wording: Wording) -> str:
    """Write a text that names a label, which is never left out."""
    inner = bare(expr)
    if not isinstance(inner, StringLiteral):
        return write(expr, wording)
    said = wording.label(inner.val)
    return quoted(inner.val if said is None else said)


_WRITERS: dict[type[Expr], Callable[[Any, Wording], str]] = {
    VectorSelector: _vector,
    MatrixSelector: _matrix,
    SubqueryExpr: _subquery,
    AggregateExpr: _aggregation,
    BinaryExpr: _binary,
    Call: _call,
    UnaryExpr: lambda expr, wording: "-" + write(expr.expr, wording),
    ParenExpr: lambda expr, wording: f"({write(expr.expr, wording)})",
    NumberLiteral: lambda expr, wording: expr.prettify(),
    StringLiteral: lambda expr, wording: quoted(expr.val),
}
