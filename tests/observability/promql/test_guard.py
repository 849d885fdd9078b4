"""What is read as a query, and what is refused, where, and with which way out."""

import pytest

from apps.observability.errors import InvalidPromQL
from apps.observability.promql import guard, writing


def refusal(text: str) -> InvalidPromQL:
    with pytest.raises(InvalidPromQL) as refused:
        guard.read(text)
    return refused.value


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("a b", 1, 3),
        ("sum(a", 1, 4),
        ("sum(a))", 1, 7),
        ("a\n  + (b]", 2, 7),
        ("1 +", 1, 4),
        ("rate(foo(a)[5m:])", 1, 6),
        ("sum(nonsense(a))", 1, 5),
        ("rate(up)", 1, 1),
        ("up and 1", 1, 4),
        ('a{x=~"("}', 1, 6),
        ('a{x="b",,}', 1, 9),
        ("sum by a (b)", 1, 5),
        ("topk(5, x) foo", 1, 12),
        ('a + "open', 1, 5),
        ("a\x00", 1, 2),
        ("a + \ud800", 1, 5),
        ("a ; b", 1, 3),
        ("a @ -5", 1, 5),
        ('a{b="\\xff"}', 1, 6),
        ("rate(a[99999999999y])", 1, 8),
        ("# a comment\na{", 2, 2),
        ("(" * 65 + "a" + ")" * 65, 1, 65),
    ],
)
def test_a_mistake_is_refused_with_its_place(text: str, line: int, column: int) -> None:
    refused = refusal(text)

    assert (refused.details["line"], refused.details["column"]) == (line, column)
    assert refused.message.startswith(f"{line}:{column}: ")
    assert (refused.code, refused.status) == ("INVALID_PROMQL", 400)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("  # nothing", "empty"),
        ("a" * 8193, "8,192 bytes"),
        ("é" * 4097, "8,192 bytes"),
        ("+".join("a" * 130), "128 operators"),
        ("-" * 129 + "a", "128 operators"),
        ("^".join("a" * 130), "128 operators"),
        (" or ".join("a" * 130), "128 operators"),
        ('{__name__=~".+"}', "matches every series"),
        ('{__name__=~".*"}', "matches every series"),
        ('{__name__!=""}', "matches every series"),
        ("{}", "matches every series"),
        ('{job=~".*"}', "matches every series"),
        ('{job=""}', "matches every series"),
        ('{job=~"(?s:.)+"}', "matches every series"),
        ('{job!="",cluster="eu"}', "matches every series"),
        ('{cluster="eu"}', "matches every series"),
        ('sum(rate({cluster=~"e.*"}[5m]))', "matches every series"),
        ('up or {instance!~"|x{999}"}', "matches every series"),
        ('up{job="a" or job="b"}', "two selectors"),
        ("up[2y]", "more than a year"),
        ("max_over_time(up[1y:1m])", "525,600 points"),
        ("max_over_time(up[8d:])", "11,520 points"),
        ("max_over_time(max_over_time(up[1d:5m])[1d:5m])", "82,944 points"),
        ('up{job=~"(?=a)"}', "illegal regex"),
        ('up{job=~"\\\\u{41}"}', "regular expression"),
        ("up @ 99999999999999999999", "too large"),
        # Each of these takes the parser's compiler from half a second to a minute.
        ('up{job=~"\\\\w{1000}"}', "repeat too much"),
        ('up{job=~"((a{100}){100}){100}"}', "repeat too much"),
        ("up{" + ",".join([r"job=~`\pL{900}`"] * 200) + "}", "repeat too much"),
        ("up{job!~`(?i)[^a]{1000}{9}`}", "repeat too much"),
        ("up{job=~`(?x)\\pL{ 9 00 }`}", "repeat too much"),
        (r"up{job=~`[a[b\w]]{900}`}", "repeat too much"),
        (r"up{job=~`\w+{900}`}", "repeat too much"),
        ("1" * 8000, "too long"),
    ],
)
def test_what_costs_too_much_or_means_nothing_is_refused(text: str, words: str) -> None:
    assert words in refusal(text).message


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("up", "up"),
        ("SUM(up) BY (job)", "sum by (job) (up)"),
        ("sum by () (up)", "sum(up)"),
        ('{__name__=~"node_.+"}', '{__name__=~"node_.+"}'),
        ('up{a!="",b=~".*"}', 'up{a!="",b=~".*"}'),
        ('up{path=`C:\\d+\\n"`}', 'up{path="C:\\\\d+\\\\n\\""}'),
        ("up{a='\\n\\x41\\u00e9'}", 'up{a="\\nA\u00e9"}'),
        ('{"odd.name","a b"="c"}', '{__name__="odd.name","a b"="c"}'),
        ("up[90m] offset -36h", "up[1h30m] offset -1d12h"),
        ("rate(up[5m] @ 1.5)", "rate(up[5m] @ 1.500)"),
        ("up # why\n + up", "up + up"),
        ("-2^2", "-2 ^ 2"),
        ("(a-(b-c))^-d", "(a - (b - c)) ^ -d"),
        ("max_over_time(up[7d:1m])", "max_over_time(up[7d:1m])"),
    ],
)
def test_a_query_is_read_and_written_again(text: str, read: str) -> None:
    assert writing.write(guard.read(text)) == read


def test_the_longest_and_widest_query_is_read() -> None:
    guard.read("+".join(["a"] * 129))
    guard.read("(" * 64 + "a" + ")" * 64)
    guard.read("sum by (" + ",".join(["abc"] * 2000) + ") (x)")
    guard.read("x{" + ",".join(['a="b"'] * 1300) + "}")
    guard.read('x{a=~"' + "|".join(f"host-{number}:9100" for number in range(500)) + '"}')
    guard.read(r"x{a=~`[a-z0-9]{1,253}\.\w{1,63}|(?:\d{1,3}\.){3}\d{1,3}(:\d+)?`}")
    guard.read("5e-324 + " + "0." + "0" * 323 + "5")


@pytest.mark.parametrize(
    ("text", "start", "end", "step", "words"),
    [
        ("up", 0, 31_536_000, 60, "a step of at least 2866.910 seconds"),
        ("up", 0, 11_001, 1, "11,000 points"),
        ("up", 0, 10, 0, "more than 0"),
        ("up", 0, 10, -1, "more than 0"),
        ("up", 10, 0, 1, "before the start"),
        ("max_over_time(up[1h:1s])", 0, 30 * 86_400, 3600, "2,595,600 points"),
    ],
)
def test_a_range_of_too_many_points_is_refused(
    text: str, start: float, end: float, step: float, words: str
) -> None:
    with pytest.raises(InvalidPromQL) as refused:
        guard.check_grid(guard.read(text), start, end, step)

    assert words in refused.value.message


def test_a_range_of_as_many_points_as_allowed_is_not_refused() -> None:
    guard.check_grid(guard.read("up"), 0, 11_000.9, 1)
    guard.check_grid(guard.read("max_over_time(up[1h:1m])"), 0, 30 * 86_400, 3600)


@pytest.mark.parametrize("text", ["sum(up)", "up[5m]", "up offset 5m", "1", "up or up", "up @ 5"])
def test_a_match_is_a_selector_and_nothing_else(text: str) -> None:
    with pytest.raises(InvalidPromQL) as refused:
        guard.read_selector(text)

    assert "match[]" in refused.value.message


def test_a_match_of_everything_passes_only_where_it_may() -> None:
    with pytest.raises(InvalidPromQL):
        guard.read_selector('{cluster="eu"}')

    assert guard.read_selector('{cluster="eu"}', may_be_wide=True).name is None
