"""A parsed query as plain tuples, straight from the parser, so that two can be compared."""

from typing import Any

from promql_parser import (
    AggregateExpr,
    BinaryExpr,
    Call,
    Expr,
    MatrixSelector,
    NumberLiteral,
    ParenExpr,
    StringLiteral,
    SubqueryExpr,
    UnaryExpr,
    VectorSelector,
)

Limits = tuple[tuple[str, str, str], ...]


def shape(expr: Expr, limits: Limits = ()) -> tuple[Any, ...]:
    """Return the tree; with `limits`, as it has to be when every selector has these as well."""
    if isinstance(expr, NumberLiteral | StringLiteral):
        return (type(expr).__name__, repr(expr.val))
    if isinstance(expr, UnaryExpr | ParenExpr):
        return (type(expr).__name__, shape(expr.expr, limits))
    if isinstance(expr, VectorSelector | MatrixSelector | SubqueryExpr):
        return _reading(expr, limits)
    return _working(expr, limits)


def _reading(expr: Expr, limits: Limits) -> tuple[Any, ...]:
    if isinstance(expr, MatrixSelector):
        return ("matrix", shape(expr.vector_selector, limits), expr.range)
    assert isinstance(expr, VectorSelector | SubqueryExpr)
    placed = (expr.offset, expr.at and (str(expr.at.type), expr.at.at))
    if isinstance(expr, SubqueryExpr):
        return ("subquery", shape(expr.expr, limits), expr.range, expr.step, placed)
    assert not expr.matchers.or_matchers
    own = tuple((one.name, str(one.op), one.value) for one in expr.matchers.matchers)
    return ("vector", expr.name, own + limits, placed)


def _working(expr: Expr, limits: Limits) -> tuple[Any, ...]:
    if isinstance(expr, AggregateExpr):
        said = expr.modifier
        within = (str(said.type), said.labels) if said else ("AggModifierType.By", [])
        parameter = expr.param and shape(expr.param, limits)
        return ("fold", str(expr.op), within, parameter, shape(expr.expr, limits))
    if isinstance(expr, BinaryExpr):
        sides = shape(expr.lhs, limits), shape(expr.rhs, limits)
        return ("join", str(expr.op), _modifier(expr.modifier), *sides)
    assert isinstance(expr, Call), type(expr)
    return ("call", expr.func.name, *(shape(one, limits) for one in expr.args))


def _modifier(said: Any) -> Any:
    if said is None:
        return None
    matching = said.matching and (str(said.matching.type), said.matching.labels)
    fill = said.fill_values.lhs, said.fill_values.rhs
    return (str(said.card), matching, said.return_bool, said.group_labels or [], fill)
