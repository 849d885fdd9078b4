"""A person's limits put into a query: every selector in it is held to the values he may see."""

from collections.abc import Sequence

from promql_parser import BinaryExpr, Call, Expr, Matcher, MatchOp, VectorSelector, parse

from apps.observability.errors import InvalidPromQL
from apps.observability.promql import lexing, matchers, tree
from apps.observability.promql.writing import Wording, write

_SPECIAL = set("\\.+*?()|[]{}^$")


def limit(label: str, values: Sequence[str]) -> tuple[Matcher, ...]:
    """Return the matchers that let only these values pass; without any, nothing passes."""
    if "" in values:
        # A label that is not there is empty: this would let all of them in.
        raise ValueError("an empty value limits nothing")
    if not values:
        return matchers.NEVER
    if len(values) == 1:
        return (Matcher(MatchOp.Equal, label, values[0]),)
    return (Matcher(MatchOp.Re, label, "|".join(_literal(one) for one in sorted(set(values)))),)


def restrict_text(text: str, limits: Sequence[Matcher]) -> str:
    """Restrict a query, or selector, that the guard has let pass."""
    plain = lexing.with_plain_strings(lexing.cut(text), text)
    try:
        return write(restrict(parse(plain), limits))
    except ValueError as failure:
        raise InvalidPromQL(f"this query cannot be held to your rights: {failure}") from None


def restrict(expr: Expr, limits: Sequence[Matcher]) -> Expr:
    """Return the query, or selector, with these matchers beside its own in each selector.

    What a selector asks for already stays: both hold. Raise InvalidPromQL for what reads series
    that no selector in the text names.
    """
    for node in tree.walk(expr):
        if isinstance(node, Call) and node.func.name == "info":
            raise InvalidPromQL("info() reads series beyond your rights; join with * on(...)")
        if isinstance(node, BinaryExpr) and tree.joined(node).filled:
            raise InvalidPromQL("fill() cannot be held to your rights; use `or` instead")
    wording = Wording(matchers=lambda selector: [*selector.matchers.matchers, *limits])
    restricted: Expr = parse(write(expr, wording))
    for selector in tree.selectors(restricted):
        _check(selector, limits)
    return restricted


def _check(selector: VectorSelector, limits: Sequence[Matcher]) -> None:
    """The last look before a query goes out: nothing above may have lost a matcher."""
    held = {(one.name, tree.sign(one), one.value) for one in selector.matchers.matchers}
    lost = {(one.name, tree.sign(one), one.value) for one in limits} - held
    if lost:
        raise InvalidPromQL("this query cannot be held to your rights; write it more simply")


def _literal(text: str) -> str:
    return "".join(f"\\{letter}" if letter in _SPECIAL else letter for letter in text)
