"""Finds Node, installs the client's pinned packages, builds it, collects the static files."""

import re
import shutil
from pathlib import Path

from scripts import environment
from scripts.steps import (
    ROOT,
    VAR,
    VENV,
    SetupError,
    attempt,
    digest,
    is_stamped,
    require_space,
    run,
    say,
    with_path,
    write_stamp,
)

FRONTEND = ROOT / "frontend"
BUILT = ROOT / "static" / "client"
_LEAST_NODE = (20, 19)


def find_node() -> str:
    """Return the folder of a Node that is new enough; take the wheel if PATH has none."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _version(node) >= _LEAST_NODE:
        return str(Path(node).parent)
    folder = VENV / "bin"
    if not (folder / "node").exists():
        say("No Node 20.19 or newer is on PATH; taking the one from requirements/node.txt.")
    environment.make("node")
    for name in ("node", "npm", "npx"):
        works, said = attempt([folder / name, "--version"], env={"PATH": f"{folder}:/usr/bin:/bin"})
        if not works:
            raise SetupError(
                f"The wheel's {name} does not run on this machine. Install Node 20.19 or newer "
                f"and try again.\n{said.strip()}"
            )
    return str(folder)


def _version(node: str) -> tuple[int, int]:
    _, said = attempt([node, "--version"])
    found = re.match(r"v(\d+)\.(\d+)", said)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def install(node: str) -> None:
    # The Node counts too: some packages bring one program per version of it.
    wanted = digest([FRONTEND / "package-lock.json"], node)
    stamp = FRONTEND / "node_modules" / ".stamp"
    if is_stamped(stamp, wanted):
        return
    require_space(800)
    say("Installing the client's packages.")
    quiet = ["--no-audit", "--no-fund", "--loglevel=error"]
    command = ["npm", "ci", "--ignore-scripts", *quiet]
    run("npm ci", command, cwd=FRONTEND, env=with_path(node))
    write_stamp(stamp, wanted)


def build(node: str) -> None:
    """Build the client unless the same sources were built before."""
    wanted = digest(_sources())
    stamp = BUILT / ".stamp"
    if is_stamped(stamp, wanted):
        return
    install(node)
    say("Building the client.")
    run("The client's build", ["npm", "run", "build"], cwd=FRONTEND, env=with_path(node))
    write_stamp(stamp, wanted)


def _sources() -> list[Path]:
    kept = [FRONTEND / "src", FRONTEND / "public"]
    return [
        *(path for path in kept if path.exists()),
        *sorted(path for path in FRONTEND.iterdir() if path.is_file()),
    ]


def collect_static() -> None:
    """Collect what the web process serves into var/static."""
    packages = [ROOT / "requirements" / "base.txt", ROOT / "aiops" / "settings" / "common.py"]
    wanted = digest([ROOT / "static", *packages])
    stamp = VAR / "static" / ".stamp"
    if is_stamped(stamp, wanted):
        return
    say("Collecting the static files.")
    options = ["--clear", "--no-input", "--verbosity", "0"]
    command = [str(environment.PYTHON), "manage.py", "collectstatic", *options]
    run("Collecting the static files", command)
    write_stamp(stamp, wanted)
