"""Whether a text is PromQL that an indicator or a saved query may be made of."""

from functools import lru_cache

import promql_parser as promql

from apps.observability.errors import InvalidPromQL
from apps.observability.promql import guard

_KINDS = {
    promql.NumberLiteral: "scalar",
    promql.StringLiteral: "string",
    promql.MatrixSelector: "matrix",
    promql.SubqueryExpr: "matrix",
}


def check_query(text: str) -> None:
    """Raise InvalidPromQL for what is no query."""
    guard.read(text)


def check_indicator(text: str) -> None:
    """Raise InvalidPromQL for what can never come to one number."""
    is_scalar(text)


@lru_cache(maxsize=1024)
def is_scalar(text: str) -> bool:
    """Whether the query gives a scalar; else it gives a vector, or is refused."""
    kind = _kind(guard.read(text))
    if kind not in {"scalar", "vector"}:
        raise InvalidPromQL("An indicator is a number of now: a vector or a scalar, no range.")
    return kind == "scalar"


def _kind(tree: promql.Expr) -> str:
    match tree:
        case promql.ParenExpr() | promql.UnaryExpr():
            return _kind(tree.expr)
        case promql.Call():
            return "scalar" if tree.func.return_type == promql.ValueType.Scalar else "vector"
        case promql.BinaryExpr():
            return "scalar" if _kind(tree.lhs) == _kind(tree.rhs) == "scalar" else "vector"
    return _KINDS.get(type(tree), "vector")
