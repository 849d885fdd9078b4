"""A planner that leaves as much as it can to our own arithmetic: only selectors and what is
applied to ranges are asked for. So one server that holds all is judge over every operator.
"""

from collections.abc import Callable
from typing import Any

import promql_parser as parser

from apps.observability.promql.plan import (
    Aggregation,
    Binary,
    Call,
    Grouping,
    Leaf,
    Matching,
    Negation,
    Node,
    Number,
    Text,
)

CARDS = {"OneToOne": "one-to-one", "ManyToOne": "many-to-one", "OneToMany": "one-to-many"}
RANGES = (parser.MatrixSelector, parser.SubqueryExpr)
# What needs more than values: the time of the sample, or the selector itself.
ASKED = {"timestamp", "absent", "absent_over_time"}


def local_plan(text: str) -> Node:
    return _node(parser.parse(text))


def _node(expr: object) -> Node:
    while isinstance(expr, parser.ParenExpr):
        expr = expr.expr
    read = _READ.get(type(expr), _leaf)
    return read(expr)


def _call(expr: parser.Call) -> Node:
    name = expr.func.name
    if name in ASKED or any(isinstance(argument, RANGES) for argument in expr.args):
        return _leaf(expr)
    return Call(name, tuple(map(_node, expr.args)))


def _leaf(expr: object) -> Leaf:
    text = expr.prettify()  # type: ignore[attr-defined]
    return Leaf(lambda _: text)


def _binary(expr: parser.BinaryExpr) -> Binary:
    found = expr.modifier
    matching, returns_bool = Matching(), False
    if found is not None:
        returns_bool = found.return_bool
        card = str(found.card).rpartition(".")[2]
        on = False
        labels: list[str] = []
        if found.matching is not None:
            labels = found.matching.labels
            on = "Include" in str(found.matching.type)
        matching = Matching(
            tuple(labels),
            on,
            CARDS.get(card, "many-to-many"),  # type: ignore[arg-type]
            tuple(found.group_labels or ()),
        )
    return Binary(str(expr.op), _node(expr.lhs), _node(expr.rhs), matching, returns_bool)


def _aggregation(expr: parser.AggregateExpr) -> Aggregation:
    grouping = Grouping()
    if expr.modifier is not None:
        by = str(expr.modifier.type).endswith("By")
        grouping = Grouping(tuple(expr.modifier.labels), by)
    parameter = None if expr.param is None else _node(expr.param)
    return Aggregation(str(expr.op), _node(expr.expr), grouping, parameter)


_READ: dict[type, Callable[[Any], Node]] = {
    parser.NumberLiteral: lambda expr: Number(expr.val),
    parser.StringLiteral: lambda expr: Text(expr.val),
    parser.UnaryExpr: lambda expr: Negation(_node(expr.expr)),
    parser.BinaryExpr: _binary,
    parser.AggregateExpr: _aggregation,
    parser.Call: _call,
}
