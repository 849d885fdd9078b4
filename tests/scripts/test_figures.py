"""The page of figures says what was measured, and nothing else."""

import json
from typing import Any

import pytest

from scripts.figures import render
from scripts.steps import ROOT

FIGURES = ROOT / "docs" / "figures.json"


def test_the_page_is_made_from_the_figures() -> None:
    assert FIGURES.with_suffix(".md").read_text() == render(json.loads(FIGURES.read_text()))


@pytest.mark.parametrize("name", ["polling"])
def test_every_figure_says_where_it_comes_from(name: str) -> None:
    made = json.loads(FIGURES.read_text())[name]
    page = FIGURES.with_suffix(".md").read_text()
    for origin in (made["command"], made["commit"], made["machine"], made["figures"]["seed"]):
        assert origin in page


SPREAD = {"median": 2.5, "least": 1, "most": 4}
ASKED = {
    "clusters": 512,
    **dict.fromkeys(("total_ms", "slowest_ms", "to_slowest", "to_slowest_as_it_says"), SPREAD),
    "bare_to_slowest": SPREAD,
    "cpu_us_per_cluster": SPREAD,
}
MEASURED: dict[str, dict[str, Any]] = {
    "federation": {
        "growth": [ASKED],
        "through_the_server": {"total_ms": SPREAD, "to_slowest_as_it_says": SPREAD},
        "real": {"servers": 8, "rows": [{"what": "8 series", "bytes": 1000, **ASKED}]},
        "hostile": [
            {
                "what": "drip",
                "good": 50,
                **dict.fromkeys(
                    ("p50", "p95"), dict.fromkeys(("without_ms", "with_ms", "ratio"), SPREAD)
                ),
            }
        ],
    },
    "merge": {
        "speed": [
            {
                "kind": "matrix",
                "answers": 100,
                "ours_to_orjson": SPREAD,
                **{f"{way}_mb_per_second": SPREAD for way in ("ours", "orjson", "copy")},
            }
        ],
        "memory": [{"answers": 100, "growth_mb": 13.3}],
    },
    "cache": {
        "panels": 200,
        "rows": [
            {
                "what": "small",
                "bytes": 1000,
                "panels": 200,
                "questions": 10,
                "hits": [{"whole": 9}],
                **{
                    f"{way}_{part}_ms": SPREAD
                    for way in ("ours", "get", "whole")
                    for part in ("p50", "p99")
                },
            }
        ],
    },
}


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("federation", "| 512 | 2.5 (1 to 4) | 2.5 (1 to 4) |"),
        ("federation", "| sends a byte a second | p95 | 2.5 (1 to 4) |"),
        ("merge", "| 100 matrix | 2.5 (1 to 4) |"),
        ("cache", "| small, 1,000 bytes | 2.5 (1 to 4) |"),
    ],
)
def test_what_is_measured_of_queries_gets_a_row(name: str, row: str) -> None:
    origin = {"command": "c", "commit": "a", "made_at": "now", "machine": "m", "load_before": 0.1}
    page = render({name: {**origin, "figures": {"seed": "s", **MEASURED[name]}}})
    assert row in page
