"""The page of figures says what was measured, and nothing else."""

import json

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
