"""Fetches Debian's Prometheus and Alertmanager into var/tools, for the simulated fleet.

Nothing is installed: the packages are only unpacked, so this needs no root and starts no service.
Without them everything else works, so every failure is one sentence and no more.
"""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.steps import VAR, attempt, digest, is_stamped, last_line, say, write_stamp

PACKAGES = ("prometheus", "prometheus-alertmanager")
_PROGRAMS = ("prometheus", "promtool", "prometheus-alertmanager")
_DEADLINE = 90.0
_DAY = 86_400.0
_TEMPLATES = Path("/usr/share/prometheus/alertmanager")


def fetch() -> None:
    failed = VAR / "tools-failed"
    if all(_find(program) for program in _PROGRAMS) or _is_recent(failed):
        return
    reason = _fetch()
    if reason:
        write_stamp(failed, _circumstances())
        say(
            f"Prometheus was not fetched ({reason}). The simulated clusters run without it; put "
            "prometheus, promtool and alertmanager on PATH to have it. This is tried again "
            f"tomorrow, or when {failed} is removed."
        )


def _is_recent(failed: Path) -> bool:
    """Tell whether it failed in the same way today: each attempt may wait for a dead network."""
    same = is_stamped(failed, _circumstances())
    return same and time.time() - failed.stat().st_mtime < _DAY


def _circumstances() -> str:
    found = [shutil.which(name) or "" for name in ("apt-get", "dpkg-deb")]
    return digest([Path(__file__)], *found)


@contextmanager
def lend_template() -> Iterator[None]:
    """Show Debian's Alertmanager its template at the one place where it looks for it.

    Unpacked elsewhere it does not start. Only as root, only where nothing is, and only for a
    while: a package that is installed later must find its place empty.
    """
    ours = VAR / "tools" / _TEMPLATES.relative_to("/")
    if os.geteuid() != 0 or _TEMPLATES.exists() or not ours.exists():
        yield
        return
    _TEMPLATES.parent.mkdir(exist_ok=True)
    _TEMPLATES.unlink(missing_ok=True)  # One that leads nowhere: its check was killed.
    _TEMPLATES.symlink_to(ours)
    try:
        yield
    finally:
        _TEMPLATES.unlink()


def _find(program: str) -> str | None:
    beside = str(VAR / "tools" / "usr" / "bin")
    found = shutil.which(program, path=f"{os.environ.get('PATH', '')}{os.pathsep}{beside}")
    if found is None and program == "prometheus-alertmanager":
        return shutil.which("alertmanager")
    return found


def _fetch() -> str:
    """Return "" when the programs lie in var/tools, else why not."""
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        return "this is not Debian or Ubuntu"
    say("Fetching Debian's Prometheus and Alertmanager.")
    place = VAR / "apt"
    until = time.monotonic() + _DEADLINE
    try:
        return _download(place, until) or _unpack(place)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _download(place: Path, until: float) -> str:
    for folder in ("lists/partial", "cache/archives/partial", "packages"):
        (place / folder).mkdir(mode=0o700, parents=True, exist_ok=True)
    options = {
        "Dir::State::lists": place / "lists",
        "Dir::Cache": place / "cache",
        "Acquire::Languages": "none",
        "Acquire::Retries": "1",
        "Acquire::http::Timeout": "15",
        "Acquire::https::Timeout": "15",
        # Root's apt would change to a user that cannot enter our private folders.
        "APT::Sandbox::User": "root",
        # apt-file and others have more lists fetched with each update; we need none of them.
        "Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled": "false",
    }
    apt = ["apt-get", "-q", *(f"-o{name}={value}" for name, value in options.items())]
    for words in (["update"], ["download", *PACKAGES]):
        left = max(1.0, until - time.monotonic())
        succeeded, said = attempt([*apt, *words], cwd=place / "packages", timeout=left)
        if not succeeded:
            return last_line(said)
    return ""


def _unpack(place: Path) -> str:
    aside = VAR / "tools.new"
    shutil.rmtree(aside, ignore_errors=True)
    for package in sorted((place / "packages").glob("*.deb")):
        succeeded, said = attempt(["dpkg-deb", "-x", package, aside])
        if not succeeded:
            return last_line(said)
    shutil.rmtree(VAR / "tools", ignore_errors=True)
    aside.rename(VAR / "tools")
    return ""
