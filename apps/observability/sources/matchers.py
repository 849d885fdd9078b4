"""Matchers as Alertmanager has them: what they match, and which of them it would refuse.

Unlike Prometheus' its dot matches no line break. A label that is not there is an empty value.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import re2

from apps.observability.promql import regexes

MOST_MATCHERS = 64
LONGEST_NAME, LONGEST_VALUE = 256, 4096
# Of each expression; those of the last questions are kept, and anybody may send them.
_MOST_MEMORY = 1 << 20

NAMESPACE = "namespace"
# Names with bars between them, in which nothing has a meaning of its own.
_NAMES = re.compile(r"[a-z0-9-]+(?:\|[a-z0-9-]+)*")

Labels = Mapping[str, str]
Test = Callable[[Labels], bool]


class Refused(ValueError):
    """Alertmanager would not take it, or it costs more than we give; the sentence says what."""


@dataclass(frozen=True, slots=True, order=True)
class Matcher:
    name: str
    value: str
    is_regex: bool = False
    is_equal: bool = True

    def __str__(self) -> str:
        sign = f"{'=' if self.is_equal else '!'}{'~' if self.is_regex else '='}"
        sign = "=" if sign == "==" else sign
        quoted = self.value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'{self.name}{sign}"{quoted}"'


def check(matchers: Sequence[Matcher]) -> None:
    """Raise Refused for what no silence can be made of."""
    if not matchers:
        raise Refused("name at least one matcher")
    if len(matchers) > MOST_MATCHERS:
        raise Refused(f"more than {MOST_MATCHERS} matchers")
    expressions = [one.value for one in matchers if one.is_regex]
    if sum(map(regexes.cost, expressions)) > regexes.MOST:
        raise Refused(
            "the regular expressions repeat too much; shorten the counts in braces, or use * and +"
        )
    for text in expressions:
        _check_expression(text)
    if all(_is_met_by_nothing(one) for one in matchers):
        raise Refused(
            "each of these matchers lets an empty value pass, and all alerts with it; name one "
            'that an empty value does not meet, such as alertname="NodeDown"'
        )


def _check_expression(text: str) -> None:
    # By itself, too: brackets that only close within ours are none that Alertmanager takes.
    if "\\C" in text.replace("\\\\", ""):
        raise Refused(f"{text!r} is no regular expression here: \\C matches single bytes")
    for pattern in (text, _anchored(text)):
        _compiled(pattern)


def _is_met_by_nothing(matcher: Matcher) -> bool:
    """Whether an alert without any of these labels meets it; one that denies counts as narrow."""
    if not matcher.is_equal:
        return False
    return _meets(matcher)("")


def stay_within(matchers: Iterable[Matcher], namespaces: Collection[str]) -> bool:
    """Whether alerts of these namespaces alone can meet them, by what can be read off."""
    return any(
        one.is_equal and one.name == NAMESPACE and _names_in(one) <= set(namespaces)
        for one in matchers
        if _names_in(one)
    )


def _names_in(matcher: Matcher) -> set[str]:
    if not matcher.is_regex:
        return {matcher.value} - {""}
    return set(matcher.value.split("|")) if _NAMES.fullmatch(matcher.value) else set()


def test_of(matchers: Iterable[Matcher]) -> Test:
    """Return whether the labels of an alert meet all of these, ready to be asked many times."""
    # Alerts are many and their values few: each is looked at once.
    tests = [(one.name, lru_cache(maxsize=4096)(_meets(one))) for one in matchers]
    return lambda labels: all(meets(labels.get(name, "")) for name, meets in tests)


def _meets(matcher: Matcher) -> Callable[[str], bool]:
    wanted, is_equal = matcher.value, matcher.is_equal
    if not matcher.is_regex:
        return lambda value: (value == wanted) is is_equal
    search = _compiled(_anchored(wanted)).search
    return lambda value: (search(value) is not None) is is_equal


def _anchored(text: str) -> str:
    return f"^(?:{text})$"


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> "re2._Regexp[str]":
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MOST_MEMORY
    try:
        return re2.compile(pattern, options)
    except re2.error as wrong:
        said = wrong.args[0] if wrong.args else ""
        text = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
        raise Refused(f"it is no regular expression: {text}") from None
