"""Where the Prometheus programs are: on PATH, or unpacked from Debian's packages."""

import os
import shutil
from pathlib import Path

ADVICE = (
    "No Prometheus here, so the simulated clusters have no metrics. Install it with "
    "`apt-get install prometheus`, or unpack that package and name the folder of its programs "
    "in AIOPS_TOOLS_DIR, and start again."
)


def find(program: str, var_dir: Path) -> Path | None:
    """Return the program's path; PATH goes before the folder of unpacked tools."""
    tools = os.environ.get("AIOPS_TOOLS_DIR") or str(var_dir / "tools" / "usr" / "bin")
    found = shutil.which(program) or shutil.which(program, path=tools)
    return Path(found) if found else None
