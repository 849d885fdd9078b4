"""Checks and tests everything that this machine can, and lists what it left out and why."""

import argparse
import os
import re
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts import client, environment, journeys, tools
from scripts.steps import ROOT, SetupError, attempt, say

_BIN = environment.PYTHON.parent


@dataclass(frozen=True)
class Check:
    name: str
    command: Sequence[str]
    cwd: Path = ROOT
    # How this tool counts its tests in its last lines; a check without counts as one.
    passed: str = ""
    failed: str = ""
    skipped: str = ""
    # Which lines of a failure name what failed; they are repeated at the very end.
    named: str = ""
    within: float = 300.0


@dataclass(frozen=True)
class Outcome:
    name: str
    seconds: float
    passed: int = 0
    failed: int = 0
    left_out: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()


# A test that hangs takes its worker along, and xdist would try it again and again.
_BESIDE_EACH_OTHER = ("-n", "2", "--dist", "loadfile", "--max-worker-restart", "2")
LINT = [
    Check("ruff check", [str(_BIN / "ruff"), "check", "."]),
    Check("ruff format", [str(_BIN / "ruff"), "format", "--check", "."]),
    Check("mypy --strict", [str(_BIN / "mypy")]),
    Check("import contracts", [str(_BIN / "lint-imports")]),
    Check("generated types", ["npm", "run", "--silent", "types:check"], client.FRONTEND),
    Check("tsc", ["npm", "run", "--silent", "typecheck"], client.FRONTEND),
    Check("eslint", ["npm", "run", "--silent", "lint"], client.FRONTEND),
]
TESTS = [
    Check(
        "pytest",
        [str(environment.PYTHON), "-m", "pytest", "-q", *_BESIDE_EACH_OTHER],
        passed=r"(\d+) passed",
        failed=r"(\d+) (?:failed|error)",
        named=r"^(?:FAILED|ERROR) (\S+)",
        within=1800.0,
    ),
    Check(
        "vitest",
        ["npm", "run", "--silent", "test"],
        client.FRONTEND,
        passed=r"Tests .*?(\d+) passed",
        failed=r"Tests .*?(\d+) failed",
        skipped=r"Tests .*?(\d+) skipped",
    ),
    Check("client build", ["npm", "run", "--silent", "build"], client.FRONTEND),
]
JOURNEYS = Check(
    "journeys", [], passed=r"(\d+) passed", failed=r"(\d+) failed", skipped=r"(\d+) skipped"
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=["lint"], help="leave out everything that runs code")
    only = parser.parse_args().only
    node = client.find_node()
    env = {**os.environ, "PATH": f"{node}{os.pathsep}{os.environ['PATH']}", "NO_COLOR": "1"}
    # Asked to end, it ends what it started; by default it would leave that behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tools.lend_template():
        outcomes = [run(check, env) for check in (LINT if only else LINT + TESTS)]
    if not only:
        outcomes.append(run_journeys(env))
    return report(outcomes)


def run(check: Check, env: dict[str, str]) -> Outcome:
    begun = time.monotonic()
    succeeded, said = attempt(check.command, cwd=check.cwd, env=env, timeout=check.within)
    return judge(check, succeeded, said, time.monotonic() - begun)


def run_journeys(env: dict[str, str]) -> Outcome:
    begun = time.monotonic()
    try:
        succeeded, said = journeys.travel(env)
    except journeys.LeftOutError as reason:
        return Outcome(JOURNEYS.name, time.monotonic() - begun, left_out=(str(reason),))
    except SetupError as error:
        succeeded, said = False, str(error)
    return judge(JOURNEYS, succeeded, said, time.monotonic() - begun)


def judge(check: Check, succeeded: bool, said: str, seconds: float) -> Outcome:
    """Turn a tool's end into numbers; what it said is shown only when it failed."""
    passed, failed = _count(check.passed, said), _count(check.failed, said)
    if succeeded:
        passed, failed = max(passed, 1), 0
    else:
        failed = max(failed, 1)
        say("\n".join(said.splitlines()[-200:]))
    verdict = "passed" if succeeded else "FAILED"
    say(f"{check.name:<18} {verdict:<8} {seconds:6.1f} s")
    skipped = re.findall(r"^SKIPPED \[\d+\] (.+)$", said, flags=re.MULTILINE)
    if count := _count(check.skipped, said):
        skipped.append(f"{count} that their own files skip")
    broken = re.findall(check.named, said, flags=re.MULTILINE) if check.named and failed else []
    return Outcome(check.name, seconds, passed, failed, tuple(skipped), tuple(broken))


def _count(pattern: str, said: str) -> int:
    if not pattern:
        return 0
    # The last line that matches is the summary; a test's own output may match before it.
    for line in reversed(said.splitlines()):
        if found := re.search(pattern, line):
            return int(found[1])
    return 0


def report(outcomes: list[Outcome]) -> int:
    say("\nWhat                 passed  failed  seconds")
    for one in outcomes:
        say(f"{one.name:<20} {one.passed:>6}  {one.failed:>6}  {one.seconds:>7.1f}")
    left_out = [f"{one.name}: {reason}" for one in outcomes for reason in one.left_out]
    say("\nLeft out:" if left_out else "\nNothing was left out.")
    for line in left_out:
        say(f"  {line}")
    if broken := [f"{one.name}: {name}" for one in outcomes for name in one.broken]:
        say("\nFailed:")
        for line in broken:
            say(f"  {line}")
    passed, failed = sum(one.passed for one in outcomes), sum(one.failed for one in outcomes)
    say(f"\n{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except SetupError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
