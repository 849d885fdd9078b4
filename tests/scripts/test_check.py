"""`make test` counts what ran, names what did not, and fails when anything failed."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scripts import check, steps
from scripts.check import Check, Outcome

PYTEST = next(one for one in check.TESTS if one.name == "pytest")
VITEST = next(one for one in check.TESTS if one.name == "vitest")


def test_a_pytest_run_is_counted_and_its_skips_keep_their_reasons() -> None:
    said = (
        "ruff says 99 passed\n"
        "SKIPPED [1] tests/test_x.py:4: no Prometheus on this machine\n"
        "FAILED tests/test_y.py::test_it[1] - assert 1 == 2\n"
        "==== 1 failed, 41 passed, 1 skipped in 3.00s ====\n"
    )
    outcome = check.judge(PYTEST, False, said, 3.0)
    assert (outcome.passed, outcome.failed) == (41, 1)
    assert outcome.left_out == ("tests/test_x.py:4: no Prometheus on this machine",)
    assert outcome.broken == ("tests/test_y.py::test_it[1]",)


def test_a_vitest_run_is_counted_by_tests_and_not_by_files() -> None:
    said = " Test Files  3 passed (3)\n      Tests  12 passed (12)\n   Start at  10:00:00\n"
    assert check.judge(VITEST, True, said, 1.0).passed == 12


def test_skipped_tests_of_the_client_are_listed() -> None:
    said = "      Tests  12 passed | 2 skipped (14)\n"
    assert check.judge(VITEST, True, said, 1.0).left_out == ("2 that their own files skip",)
    assert check.judge(check.JOURNEYS, True, "  1 skipped\n  3 passed\n", 1.0).left_out


def test_a_check_that_hangs_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    group = tmp_path / "group"
    hang = Check("hang", ["sh", "-c", f"echo $$ > {group}; sleep 1000; true"], within=0.5)
    assert check.run(hang, dict(os.environ)).failed == 1
    # What was killed is gone once init has collected it, which a busy machine may put off.
    deadline = time.monotonic() + 30
    while is_alive(int(group.read_text())):
        assert time.monotonic() < deadline


def is_alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_check_gets_only_the_environment_that_it_is_given() -> None:
    assert steps.attempt(["env"], env={"PATH": "/usr/bin:/bin"})[1] == "PATH=/usr/bin:/bin\n"


def test_a_request_to_end_is_obeyed_in_order(tmp_path: Path) -> None:
    """As Ctrl-C is: whatever runs in `finally` runs."""
    code = "import signal, os; from scripts import check;"
    code += "check.LINT[:] = [check.Check('slow', ['sh', '-c', 'kill $PPID; sleep 1000'])];"
    code += (
        "check.client.find_node = lambda: '/bin'; import sys; sys.argv[1:] = ['--only', 'lint']\n"
    )
    code += "try: check.main()\nexcept KeyboardInterrupt: print('in order')"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=steps.ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.stdout.strip() == "in order", done.stderr


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
