"""What the set-up scripts share: sentences, stamps, and commands that explain their failure."""

import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from aiops.embedded.layout import var_dir

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VAR = var_dir()


class SetupError(Exception):
    """Why the set-up cannot go on, and what to do; shown without a traceback."""


def say(sentence: str) -> None:
    print(sentence, flush=True)


def digest(paths: Iterable[Path], *words: str) -> str:
    """Return one word for the content of files and folders, and for `words`."""
    total = hashlib.sha256("\0".join(words).encode())
    for path in paths:
        inside = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        for file in inside:
            total.update(str(file.relative_to(ROOT)).encode() + b"\0")
            total.update(file.read_bytes())
    return total.hexdigest()


def is_stamped(stamp: Path, content: str) -> bool:
    return stamp.exists() and stamp.read_text(encoding="utf-8") == content


def write_stamp(stamp: Path, content: str) -> None:
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(content, encoding="utf-8")


def require_space(megabytes: int) -> None:
    free = shutil.disk_usage(ROOT).free // 1024**2
    if free < megabytes:
        raise SetupError(
            f"Only {free} MB are free at {ROOT}, and about {megabytes} MB are needed. Make room "
            "and try again."
        )


def attempt(
    command: Sequence[str | Path],
    *,
    cwd: Path = ROOT,
    env: Mapping[str, str] | None = None,
    timeout: float | None = None,
) -> tuple[bool, str]:
    """Run a command quietly; return whether it succeeded, and what it said.

    `env` is all that the command gets; by default, what we have.
    """
    try:
        child = subprocess.Popen(
            [str(word) for word in command],
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            # What it starts in turn ends with it.
            start_new_session=True,
        )
    except OSError as error:
        return False, f"{command[0]}: {error.strerror}"
    try:
        said, _ = child.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        return False, f"{_end_group(child)}\nIt took more than {timeout:g} s."
    except BaseException:
        _end_group(child)
        raise
    return child.returncode == 0, said


def _end_group(child: "subprocess.Popen[str]") -> str:
    """End a command with all that it started, first politely; return what it said."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            return child.communicate(timeout=8)[0]
    return ""


def run(
    what: str,
    command: Sequence[str | Path],
    *,
    cwd: Path = ROOT,
    env: Mapping[str, str] | None = None,
) -> None:
    """Run a command that must succeed; otherwise its last words become the sentence."""
    succeeded, said = attempt(command, cwd=cwd, env=env)
    if not succeeded:
        raise SetupError(f"{what} failed:\n{explain(said)}")


def with_path(folder: str) -> dict[str, str]:
    return {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ.get('PATH', '')}"}


def explain(said: str, count: int = 8) -> str:
    if "No space left on device" in said:
        return "The disk is full. Make room and try again."
    lines = [line for line in said.splitlines() if line.strip()]
    if len(lines) > 2 * count:  # Some tools give the reason first, others last.
        lines = [*lines[:count], "...", *lines[-count:]]
    return "\n".join(lines) or "It gave no reason."


def last_line(said: str) -> str:
    return said.strip().rpartition("\n")[2] or "it gave no reason"
