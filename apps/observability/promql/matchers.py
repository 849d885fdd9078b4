"""What a matcher lets through, by Prometheus' rules."""

from collections.abc import Callable
from functools import lru_cache

import re2
from promql_parser import Matcher, MatchOp

from apps.observability.promql import tree

Test = Callable[[str], bool]
# Of each expression: those of the last queries are kept, and anybody may send them.
_MOST_MEMORY = 1 << 20

# No series has a label that is empty and is not: what nothing can match, with no regular
# expression to try on every value.
NEVER = (
    Matcher(MatchOp.Equal, "__never__", ""),
    Matcher(MatchOp.Equal, "__never__", "x"),
)
ANY_SERIES = Matcher(MatchOp.NotEqual, "__name__", "")


@lru_cache(maxsize=64)
def expression(pattern: str) -> "re2._Regexp[str]":
    """Compile as Prometheus does: RE2, anchored, with a dot that matches a new line too."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MOST_MEMORY
    return re2.compile(f"(?s)^(?:{pattern})$", options)


def test(matcher: Matcher) -> Test:
    """Return whether a value meets the matcher, ready to be asked a thousand times."""
    wanted, sign = matcher.value, tree.sign(matcher)
    if sign == "=":
        return lambda value: value == wanted
    if sign == "!=":
        return lambda value: value != wanted
    search = expression(wanted).search
    if sign == "=~":
        return lambda value: search(value) is not None
    return lambda value: search(value) is None
