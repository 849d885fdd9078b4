"""Which series of two vectors meet: one to one, many to one, and in the set operators."""

import itertools
from collections.abc import Callable, Iterable, Mapping

from apps.observability.arithmetic.values import (
    NAME,
    Labels,
    Samples,
    Vector,
    anywhere,
    nameless,
    only,
    put,
    with_label,
    without,
)
from apps.observability.errors import NotExecutable
from apps.observability.promql.plan import Matching

Pairwise = Callable[[float, float], float | None]
Groups = dict[Labels, list[Labels]]

MANY_MUST_BE_EXPLICIT = (
    "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)"
)
GROUPING_MUST_BE_UNIQUE = "multiple matches for labels: grouping labels must ensure unique matches"


def join(
    left: Vector, right: Vector, matching: Matching, function: Pairwise, *, drops_name: bool
) -> Vector:
    """Combine the samples of series that match; `function` is None where nothing is left."""
    swapped = matching.card == "one-to-many"
    many, one = (right, left) if swapped else (left, right)
    many_groups, one_groups = _groups(many, matching), _groups(one, matching)
    _refuse_doubles(one, one_groups, many, "left" if swapped else "right")
    result: Vector = {}
    for key, members in many_groups.items():
        of_group: Vector = {}
        taken: Vector = {}
        for labels, other in itertools.product(members, one_groups.get(key, ())):
            a, b = (one[other], many[labels]) if swapped else (many[labels], one[other])
            found = _combined(a, b, function)
            if matching.card == "one-to-one":
                put(taken, (), found, MANY_MUST_BE_EXPLICIT)
            named = _result_labels(labels, other, matching, drops_name=drops_name)
            put(of_group, named, found, GROUPING_MUST_BE_UNIQUE)
        for labels, found in of_group.items():
            put(result, labels, found)
    return result


def _combined(left: Samples, right: Samples, function: Pairwise) -> Samples:
    return [
        None if a is None or b is None else function(a, b) for a, b in zip(left, right, strict=True)
    ]


def set_operation(operator: str, left: Vector, right: Vector, matching: Matching) -> Vector:
    if operator == "or":
        return _either(left, right, matching)
    others = _presence(right, matching)
    never = [False] * _length(left)
    wanted = operator == "and"
    result: Vector = {}
    for labels, samples in left.items():
        met = others.get(_key(labels, matching), never)
        pairs = zip(samples, met, strict=True)
        result[labels] = [value if there == wanted else None for value, there in pairs]
    return result


def _either(left: Vector, right: Vector, matching: Matching) -> Vector:
    there = _presence(left, matching)
    never = [False] * _length(right)
    result = dict(left)
    for labels, samples in right.items():
        met = there.get(_key(labels, matching), never)
        put(
            result,
            labels,
            [None if taken else value for value, taken in zip(samples, met, strict=True)],
        )
    return result


def _key(labels: Labels, matching: Matching) -> Labels:
    if matching.on:
        return only(labels, matching.labels)
    return without(labels, (*matching.labels, NAME))


def _groups(vector: Iterable[Labels], matching: Matching) -> Groups:
    groups: Groups = {}
    for labels in vector:
        groups.setdefault(_key(labels, matching), []).append(labels)
    return groups


def _refuse_doubles(one: Vector, groups: Groups, many: Vector, side: str) -> None:
    """Refuse two series of one group at the same step, unless there is nothing to match."""
    crowded = {key: members for key, members in groups.items() if len(members) > 1}
    if not crowded or not many:
        return
    counts = anywhere(many.values(), _length(many))
    for key, members in crowded.items():
        seen = [False] * len(counts)
        for labels in members:
            for step, value in enumerate(one[labels]):
                if value is None or not counts[step]:
                    continue
                if seen[step]:
                    raise NotExecutable(
                        f"found duplicate series for the match group {written(key)} on the {side} "
                        f"hand-side of the operation: [{written(members[0])}, {written(labels)}]"
                        ";many-to-many matching not allowed: matching labels must be unique on "
                        "one side"
                    )
                seen[step] = True


def _result_labels(
    labels: Labels, other: Labels, matching: Matching, *, drops_name: bool
) -> Labels:
    if drops_name:
        labels = nameless(labels)
    if matching.card == "one-to-one":
        keep = only if matching.on else without
        labels = keep(labels, matching.labels)
    there = dict(other)
    for name in matching.include:
        labels = with_label(labels, name, there.get(name, ""))
    return labels


def _presence(vector: Vector, matching: Matching) -> Mapping[Labels, list[bool]]:
    length = _length(vector)
    return {
        key: anywhere((vector[labels] for labels in members), length)
        for key, members in _groups(vector, matching).items()
    }


def _length(vector: Vector) -> int:
    return len(next(iter(vector.values()), ()))


def written(labels: Labels) -> str:
    return "{" + ", ".join(f'{name}="{value}"' for name, value in labels) + "}"
