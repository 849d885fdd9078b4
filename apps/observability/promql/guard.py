"""PromQL is read here, and only here: what is too long, too deep or too wide is never parsed."""

from datetime import timedelta

import re2
from promql_parser import (
    Expr,
    Function,
    MatrixSelector,
    SubqueryExpr,
    ValueType,
    VectorSelector,
    parse,
    register_extra_functions,
)

from apps.observability.errors import InvalidPromQL
from apps.observability.promql import lexing, locating, matchers, regexes, tree, writing
from apps.observability.promql.naming import CLUSTER

MOST_BYTES = 8192
MOST_BRACKETS = 64
# The parser takes 5 ms for a chain of 128 and 1 s for one of 1,000; and the tree is as deep.
MOST_OPERATORS = 128
MOST_POINTS = 11_000
MOST_POINTS_OVER_GRID = 4 * MOST_POINTS
LONGEST_RANGE = timedelta(days=366)
# A subquery with no step of its own has that of Prometheus' own setting, everywhere alike.
SUBQUERY_STEP = timedelta(minutes=1)

# Prometheus 3 calls it double_exponential_smoothing; a cluster may have an older one.
register_extra_functions(
    [
        Function(
            "holt_winters",
            [ValueType.Matrix, ValueType.Scalar, ValueType.Scalar],
            ValueType.Vector,
        )
    ]
)

# What the parser says, and what the asker can do about it.
_ADVICE = {
    "invalid promql query": "this cannot stand here; correct the query from here on",
    "vector selector must contain at least one non-empty matcher": (
        "a selector without a name matches every series; name a metric, or add a matcher that "
        'an empty value does not meet, such as job="x"'
    ),
}


def read(text: str) -> Expr:
    """Parse a query; refuse what no query is, or what would cost too much, with what to change."""
    expr = _parse(text)
    _check_selectors(expr)
    _check_ranges(expr)
    return expr


def read_selector(text: str, may_be_wide: bool = False) -> VectorSelector:
    """Parse a `match[]`; `may_be_wide` lets one pass that matches everything."""
    expr = tree.bare(_parse(text))
    if not isinstance(expr, VectorSelector) or expr.offset or expr.at:
        raise InvalidPromQL('match[] takes a selector such as up{job="x"}, and nothing else')
    _check_selectors(expr, may_be_wide)
    return expr


def check_grid(expr: Expr, start: float, end: float, step: float) -> None:
    """Refuse a range query (in seconds) of too many points."""
    if step <= 0:
        raise InvalidPromQL("the step must be more than 0")
    if end < start:
        raise InvalidPromQL("the end is before the start")
    if has_too_many_points(start, end, step):
        coarser = -(-round((end - start) * 1000) // MOST_POINTS) / 1000
        raise InvalidPromQL(
            f"more than {MOST_POINTS:,} points a series; a step of at least {coarser:.3f} "
            "seconds does it"
        )
    _check_points(expr, timedelta(seconds=end - start))


def has_too_many_points(start: float, end: float, step: float) -> bool:
    """Whether Prometheus would refuse so many: it counts the whole steps, not the points."""
    stride = max(round(step * 1000), 1)
    return round((end - start) * 1000) // stride > MOST_POINTS


def _parse(text: str) -> Expr:
    if len(text.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        raise InvalidPromQL(f"a query has at most {MOST_BYTES:,} bytes; shorten it")
    tokens = lexing.cut(text)
    if not tokens:
        raise InvalidPromQL("the query is empty; ask for a metric, such as `up`")
    lexing.check_brackets(tokens, text, MOST_BRACKETS)
    lexing.check_times(tokens, text)
    if lexing.count_joins(tokens) > MOST_OPERATORS:
        raise InvalidPromQL(f"more than {MOST_OPERATORS} operators; split the query")
    if sum(map(regexes.cost, lexing.expressions(tokens))) > regexes.MOST:
        raise InvalidPromQL(
            "the regular expressions repeat too much; shorten the counts in braces, or use * and +"
        )
    try:
        expr: Expr = parse(lexing.with_plain_strings(tokens, text))
        # An impossible time only shows when it is read.
        writing.write(expr)
    except (ValueError, OverflowError) as failure:
        said = str(failure)
        place = locating.place(said, tokens, text)
        raise lexing.refuse(_ADVICE.get(said, said), text, place) from None
    return expr


def _check_selectors(expr: Expr, may_be_wide: bool = False) -> None:
    for selector in tree.selectors(expr):
        _check_expressions(selector)
        if not may_be_wide and selector.name is None and not _narrows(selector):
            raise InvalidPromQL(
                f"{writing.write(selector)} matches every series there is; name a metric, or add a "
                'matcher that not every value meets, such as job="x"'
            )


def _check_expressions(selector: VectorSelector) -> None:
    for matcher in selector.matchers.matchers:
        if tree.sign(matcher) in ("=~", "!~"):
            try:
                matchers.expression(matcher.value)
            except re2.error:
                raise InvalidPromQL(
                    f"{matcher.value[:80]!r} is no regular expression of RE2, or too large a one; "
                    "correct it"
                ) from None


# Values that are nothing like each other, and like no value anybody has: a matcher that all of
# them meet leaves nothing out.
_ODD_VALUES = ("x", "7", "_:_", "\u00df\u4e2d", "Zq-0.9 /\\|!", "\n")


def _narrows(selector: VectorSelector) -> bool:
    """Whether a matcher leaves most series out; `cluster` only says whom to ask."""
    tests = [matchers.test(one) for one in selector.matchers.matchers if one.name != CLUSTER]
    return any(not test("") and not all(map(test, _ODD_VALUES)) for test in tests)


def _check_ranges(expr: Expr) -> None:
    for node in tree.walk(expr):
        if isinstance(node, MatrixSelector) and node.range > LONGEST_RANGE:
            raise InvalidPromQL("a range of more than a year; shorten it")
    _check_points(expr, timedelta())


def _check_points(expr: Expr, span: timedelta, outside: float = 1.0) -> None:
    """Refuse subqueries whose points are too many, counting those that they are in.

    Over the grid of a range query Prometheus works a subquery out once for the whole of `span`.
    """
    if isinstance(expr, SubqueryExpr):
        reach, step = expr.range or timedelta(), expr.step or SUBQUERY_STEP
        span, outside = span + reach, outside * (reach / step)
        if outside > MOST_POINTS or span / step > MOST_POINTS_OVER_GRID:
            raise InvalidPromQL(
                f"the subquery {writing.write(expr)} asks for {max(outside, span / step):,.0f} "
                f"points, and {MOST_POINTS:,} are the most; shorten its range or lengthen its step"
            )
    for child in tree.children(expr):
        _check_points(child, span, outside)
