"""Where the programs of Prometheus are: on PATH, or unpacked from Debian's packages."""

import os
import shutil
from pathlib import Path

ADVICE = (
    "No Prometheus here, so the simulated clusters have no metrics. Install it with "
    "`apt-get install prometheus`, or unpack that package and name the folder of its programs "
    "in AIOPS_TOOLS_DIR, and start again."
)
ALERTS_ADVICE = (
    "No Alertmanager here, so alerts of the simulated clusters are told to nobody. Install it with "
    "`apt-get install prometheus-alertmanager`, or unpack that package beside Prometheus, and "
    "start again."
)
# Debian's name goes before its makers'.
_NAMES = {"alertmanager": ("prometheus-alertmanager", "alertmanager")}


def find(program: str, var_dir: Path) -> Path | None:
    """Return the program's path; PATH goes before the folder of unpacked tools."""
    tools = os.environ.get("AIOPS_TOOLS_DIR") or str(var_dir / "tools" / "usr" / "bin")
    for name in _NAMES.get(program, (program,)):
        if found := shutil.which(name) or shutil.which(name, path=tools):
            return Path(found)
    return None
