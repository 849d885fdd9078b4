"""The project: settings, doors to the outside, and what ties the apps together."""

import importlib.metadata
import tomllib
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent


def _version() -> str:
    pyproject = BASE_DIR / "pyproject.toml"
    if pyproject.exists():
        return str(tomllib.loads(pyproject.read_text())["project"]["version"])
    return importlib.metadata.version("aiops-nextgen")


VERSION = _version()
