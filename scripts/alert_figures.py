"""The pages of figures about alerts: taken in, and asked for."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from scripts.query_figures import line, told

INBOX = """\
{active:,} active and {over:,} resolved alerts of {clusters} clusters; the time of the whole
request, without the way to the server. {slow} of {asked} questions have a p95 above {must_ms} ms;
shown are the slowest. The plans are [on a page of their own](inbox-plans.md)."""
MOST_SHOWN = 20


def taken_in(figures: Mapping[str, Any]) -> Iterable[str]:
    yield "| alerts a request | requests at once | alerts/s | p99 ms | again/s | to Alertmanager |"
    yield "|---|---|---|---|---|---|"
    for row in figures["rows"]:
        parts = (row["ours_per_second"], row["ours_p99_ms"], row["again_per_second"])
        theirs = told(row["to_theirs"]) if "to_theirs" in row else "-"
        yield line(str(row["batch"]), str(row["at_once"]), *map(told, parts), theirs)
    if figures["growth"]:
        yield ""
        yield "| rows in the table | alerts/s | p99 ms |"
        yield "|---|---|---|"
    for row in figures["growth"]:
        yield line(f"{row['rows']:,}", told(row["per_second"]), told(row["p99_ms"]))


def inbox(figures: Mapping[str, Any]) -> Iterable[str]:
    rows = sorted(figures["rows"], key=lambda row: -row["p95_ms"])
    slow = sum(row["p95_ms"] > figures["must_ms"] for row in rows)
    yield INBOX.format(**figures, slow=slow, asked=len(rows))
    yield ""
    yield "| who | asks for | p50 ms | p95 ms |"
    yield "|---|---|---|---|"
    for row in rows[:MOST_SHOWN]:
        yield line(row["who"], row["what"], f"{row['p50_ms']:g}", f"{row['p95_ms']:g}")


# Title, and what stands beneath it.
PAGES: dict[str, tuple[str, Callable[[Mapping[str, Any]], Iterable[str]]]] = {
    "alerts": ("5. Alerts taken in", taken_in),
    "inbox": ("6. The inbox", inbox),
}
