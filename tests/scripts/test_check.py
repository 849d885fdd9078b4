"""`make test` counts what ran, names what did not, and fails when anything failed."""

import pytest

from scripts import check
from scripts.check import Check, Outcome

PYTEST = next(one for one in check.TESTS if one.name == "pytest")
VITEST = next(one for one in check.TESTS if one.name == "vitest")


def test_a_pytest_run_is_counted_and_its_skips_keep_their_reasons() -> None:
    said = (
        "ruff says 99 passed\n"
        "SKIPPED [1] tests/test_x.py:4: no Prometheus on this machine\n"
        "==== 1 failed, 41 passed, 1 skipped in 3.00s ====\n"
    )
    outcome = check.judge(PYTEST, False, said, 3.0)
    assert (outcome.passed, outcome.failed) == (41, 1)
    assert outcome.left_out == ("tests/test_x.py:4: no Prometheus on this machine",)


def test_a_vitest_run_is_counted_by_tests_and_not_by_files() -> None:
    said = " Test Files  3 passed (3)\n      Tests  12 passed (12)\n   Start at  10:00:00\n"
    assert check.judge(VITEST, True, said, 1.0).passed == 12


def test_a_check_that_breaks_before_it_counts_is_one_failure() -> None:
    outcome = check.judge(Check("mypy", []), False, "INTERNAL ERROR", 1.0)
    assert (outcome.passed, outcome.failed) == (0, 1)


def test_the_report_ends_with_the_sum_and_fails_when_anything_failed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    good = Outcome("pytest", 2.0, passed=40, left_out=("a.py:1: no Chromium",))
    assert check.report([good]) == 0
    said = capsys.readouterr().out
    assert said.splitlines()[-1] == "40 passed, 0 failed"
    assert "  pytest: a.py:1: no Chromium" in said
    assert check.report([good, Outcome("ruff", 1.0, failed=1)]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "40 passed, 1 failed"
