"""A person's limits in every selector of a query, whatever the query says itself."""

import pytest
from promql_parser import parse

from apps.observability.errors import InvalidPromQL
from apps.observability.promql import enforce, guard, writing


def restricted(text: str, *values: str) -> str:
    limits = enforce.limit("namespace", values)
    return writing.write(enforce.restrict(guard.read(text), limits))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("up", 'up{namespace="a"}'),
        ('up{namespace="secret"}', 'up{namespace="secret",namespace="a"}'),
        ('up{namespace=~".*"}', 'up{namespace=~".*",namespace="a"}'),
        ('{__name__="up"}', '{__name__="up",namespace="a"}'),
        ("rate(up[5m] offset 1h)", 'rate(up{namespace="a"}[5m] offset 1h)'),
        ("max_over_time(up[1h:1m])", 'max_over_time(up{namespace="a"}[1h:1m])'),
        ("absent(up)", 'absent(up{namespace="a"})'),
        (
            "topk(scalar(count(x)), up) + on () y",
            'topk(scalar(count(x{namespace="a"})), up{namespace="a"}) + on () y{namespace="a"}',
        ),
        (
            "quantile_over_time(scalar(q), up[5m])",
            'quantile_over_time(scalar(q{namespace="a"}), up{namespace="a"}[5m])',
        ),
        ("vector(1) + time()", "vector(1) + time()"),
    ],
)
def test_every_selector_is_held_to_the_limit(text: str, expected: str) -> None:
    assert restricted(text, "a") == expected


def test_several_values_are_one_expression_that_means_only_them() -> None:
    text = restricted("up", "b", 'a.*"', "b", "c|d\\")

    assert text == 'up{namespace=~"a\\\\.\\\\*\\"|b|c\\\\|d\\\\\\\\"}'
    assert writing.write(parse(text)) == text


def test_who_may_see_no_value_sees_nothing() -> None:
    assert restricted("up") == 'up{__never__="",__never__="x"}'


def test_an_empty_value_would_let_everything_in_that_has_no_such_label() -> None:
    with pytest.raises(ValueError, match="limits nothing"):
        enforce.limit("namespace", ["a", ""])


@pytest.mark.parametrize("text", ["info(up)", 'sum(info(up, {data="x"}))'])
def test_what_reads_series_that_the_query_does_not_name_is_refused(text: str) -> None:
    with pytest.raises(InvalidPromQL, match="beyond your rights"):
        restricted(text, "a")


def test_alternatives_within_a_selector_never_get_around_the_limit() -> None:
    expr = parse('up{a="b" or c="d"}')

    with pytest.raises(ValueError, match="two selectors"):
        enforce.restrict(expr, enforce.limit("namespace", ["a"]))


def test_a_match_is_restricted_as_a_query_is() -> None:
    selector = guard.read_selector('up{job="x"}')

    found = enforce.restrict(selector, enforce.limit("namespace", ["a", "b"]))

    assert writing.write(found) == 'up{job="x",namespace=~"a|b"}'
