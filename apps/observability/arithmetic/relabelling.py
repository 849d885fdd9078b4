"""label_replace and label_join."""

import re
from collections.abc import Sequence

import re2

from apps.observability.arithmetic.values import Vector, put, with_label
from apps.observability.errors import NotExecutable
from apps.observability.promql import matchers

# Go's Regexp.Expand: the longest name after the dollar, or one in braces.
_REFERENCE = re.compile(r"\$(?:(\$)|(\w+)|\{(\w+)\})", re.ASCII)


def label_replace(vector: Vector, words: Sequence[str]) -> Vector:
    target, replacement, source, pattern = words
    _check(target, "label_replace")
    try:
        expression = matchers.expression(pattern)
    except re2.error:
        raise NotExecutable(
            f"invalid regular expression in label_replace(): {pattern[:200]}"
        ) from None
    result: Vector = {}
    for labels, samples in vector.items():
        found = expression.fullmatch(dict(labels).get(source, ""))
        if found is None:
            put(result, labels, samples)
        else:
            put(result, with_label(labels, target, _expand(replacement, found)), samples)
    return result


def label_join(vector: Vector, words: Sequence[str]) -> Vector:
    target, separator, *sources = words
    _check(target, "label_join")
    result: Vector = {}
    for labels, samples in vector.items():
        there = dict(labels)
        value = separator.join(there.get(source, "") for source in sources)
        put(result, with_label(labels, target, value), samples)
    return result


def _check(label: str, function: str) -> None:
    if not label:
        raise NotExecutable(f"invalid destination label name in {function}(): {label}")


def _expand(replacement: str, found: "re2._Match[str]") -> str:
    groups, names = found.groups(""), found.re.groupindex

    def value(reference: re.Match[str]) -> str:
        dollar, bare, braced = reference.groups()
        if dollar:
            return "$"
        name = bare or braced
        if name.isdigit():
            number = int(name)
            if number == 0:
                return str(found.group(0))
            return str(groups[number - 1]) if number <= len(groups) else ""
        return str(groups[names[name] - 1]) if name in names else ""

    return _REFERENCE.sub(value, replacement)
