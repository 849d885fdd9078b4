"""A parsed query as a tree: what is in it, in words of our own."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from promql_parser import (
    AggregateExpr,
    BinaryExpr,
    BinModifier,
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

_SIGNS = {"Equal": "=", "NotEqual": "!=", "Re": "=~", "NotRe": "!~"}


def _name(member: object) -> str:
    """The parser's enumerations have no names of their own, and cannot be keys."""
    return str(member).rpartition(".")[2]


def sign(matcher: Matcher) -> str:
    return _SIGNS[_name(matcher.op)]


def operator(expr: AggregateExpr | BinaryExpr) -> str:
    return str(expr.op)


@dataclass(frozen=True, slots=True)
class Joined:
    """The modifiers of a binary operator; `on` is None where none was written."""

    on: bool | None
    labels: tuple[str, ...]
    card: str
    include: tuple[str, ...]
    returns_bool: bool
    filled: bool


def joined(expr: BinaryExpr) -> Joined:
    said: BinModifier | None = expr.modifier
    if said is None:
        return Joined(None, (), "OneToOne", (), returns_bool=False, filled=False)
    matching, fill = said.matching, said.fill_values
    return Joined(
        on=None if matching is None else _name(matching.type) == "Include",
        labels=() if matching is None else tuple(matching.labels),
        card=_name(said.card),
        include=tuple(said.group_labels or ()),
        returns_bool=said.return_bool,
        filled=fill.lhs is not None or fill.rhs is not None,
    )


def grouping(expr: AggregateExpr) -> tuple[bool, tuple[str, ...]]:
    """Return whether `by` (else `without`), and its labels; nothing written is `by ()`."""
    said = expr.modifier
    return (True, ()) if said is None else (_name(said.type) == "By", tuple(said.labels))


def children(expr: Expr) -> Sequence[Expr]:
    match expr:
        case AggregateExpr():
            return [expr.expr] if expr.param is None else [expr.param, expr.expr]
        case BinaryExpr():
            return [expr.lhs, expr.rhs]
        case Call():
            return list(expr.args)
        case UnaryExpr() | ParenExpr() | SubqueryExpr():
            return [expr.expr]
        case MatrixSelector():
            return [expr.vector_selector]
        case VectorSelector() | NumberLiteral() | StringLiteral():
            return []
    raise TypeError(f"{type(expr).__name__} is no node of PromQL")


def walk(expr: Expr) -> Iterator[Expr]:
    """Every node, in the order in which they are written."""
    yield expr
    for child in children(expr):
        yield from walk(child)


def selectors(expr: Expr) -> list[VectorSelector]:
    return [node for node in walk(expr) if isinstance(node, VectorSelector)]


def bare(expr: Expr) -> Expr:
    """Take the parentheses off."""
    while isinstance(expr, ParenExpr):
        expr = expr.expr
    return expr


def milliseconds(span: timedelta) -> int:
    return span // timedelta(milliseconds=1)


def label_arguments(expr: Call) -> set[int]:
    """Which of a function's arguments are names of labels."""
    if expr.func.name == "label_replace":
        return {1, 3}
    return {1, *range(3, len(expr.args))} if expr.func.name == "label_join" else set()
