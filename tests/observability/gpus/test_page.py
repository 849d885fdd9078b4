"""The page on GPUs names what there is: each series that is asked for, and each finding."""

import re
from pathlib import Path

from apps.observability.gpus import health
from apps.observability.sources import dcgm

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/gpus.md").read_text()
NAMES = set(re.findall(r"DCGM_(?:FI|EXP)_[A-Z_]+[A-Z]", PAGE))


def test_every_series_that_is_asked_for_is_on_the_page_and_no_other_is() -> None:
    assert set(dcgm.ASKED) <= NAMES
    assert NAMES - set(dcgm.ASKED) == set()


def test_a_line_for_the_exporters_table_has_its_three_parts() -> None:
    block = PAGE.partition("```csv\n")[2].partition("```")[0].splitlines()
    assert len(block) > 20
    for line in block:
        assert re.fullmatch(r"DCGM_[A-Z_]+, (gauge|counter), [A-Z][^,]*\.", line), line


def test_every_finding_is_explained() -> None:
    source = Path(health.__file__).read_text()
    codes = set(re.findall(r"Finding\(\s*f?\"([A-Z_]+)", source))
    assert codes >= {"NO_ANSWER", "XID_", "THROTTLED", "TEMPERATURE", "FABRIC"}
    missing = {code for code in codes if f"`{code}" not in PAGE}
    assert missing == set()
