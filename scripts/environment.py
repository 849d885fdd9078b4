"""Makes .venv and installs the pinned requirements, every file checked against its hash."""

import shutil
import sys
from pathlib import Path

from scripts.steps import (
    ROOT,
    VENV,
    SetupError,
    attempt,
    digest,
    explain,
    is_stamped,
    require_space,
    run,
    say,
    write_stamp,
)

PYTHON = VENV / "bin" / "python"
_STAMPS = VENV / "stamps"
_NO_BUILD = ("No matching distribution", "Could not find a version", "ResolutionImpossible")


def make(name: str) -> None:
    """Bring .venv to requirements/NAME.txt; do nothing when it is there already."""
    if not _is_alive():
        _make_venv()
    wanted = digest([ROOT / "requirements" / f"{name}.txt"])
    if is_stamped(_STAMPS / name, wanted):
        return
    require_space(1200)
    say(f"Installing requirements/{name}.txt.")
    _install(ROOT / "requirements" / f"{name}.txt")
    write_stamp(_STAMPS / name, wanted)
    if name == "dev":  # It holds everything of base.txt, in the same versions.
        write_stamp(_STAMPS / "base", digest([ROOT / "requirements" / "base.txt"]))


def _is_alive() -> bool:
    """Tell whether .venv's Python still starts: its base may have been removed or replaced."""
    return PYTHON.exists() and attempt([PYTHON, "-c", "import pip"])[0]


def _make_venv() -> None:
    require_space(1500)
    say(f"Making .venv with Python {sys.version.split()[0]}.")
    if VENV.exists():
        shutil.rmtree(VENV)
    run("Making .venv", [sys.executable, "-m", "venv", VENV])


def _install(requirements: Path) -> None:
    command: list[str | Path] = [PYTHON, "-m", "pip", "install", "--quiet", "--no-input"]
    command += ["--disable-pip-version-check", "--require-hashes", "-r", requirements]
    succeeded, said = attempt([*command, "--only-binary", ":all:"])
    if succeeded:
        return
    if not any(sign in said for sign in _NO_BUILD):
        raise SetupError(f"The requirements could not be installed:\n{explain(said)}")
    if not any(shutil.which(name) for name in ("cc", "gcc", "clang")):
        raise SetupError(
            "Some requirements come without a ready build for this machine, and there is no C "
            "compiler to make one. On Debian and Ubuntu: apt install build-essential python3-dev\n"
            f"{explain(said, 3)}"
        )
    say("Some requirements have no ready build for this machine; compiling them.")
    succeeded, said = attempt(command)
    if not succeeded:
        raise SetupError(f"The requirements could not be built:\n{explain(said)}")
