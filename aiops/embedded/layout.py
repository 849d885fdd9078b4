"""Where things lie under var/, and how the private folders are made."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from aiops import BASE_DIR


def var_dir() -> Path:
    return Path(os.environ.get("AIOPS_VAR_DIR") or BASE_DIR / "var").resolve()


def make_private(folder: Path) -> Path:
    """Make `folder` so that other local users cannot read it; its parents stay as they are."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder


def make_once(path: Path, length: int = 24) -> str:
    """Return the random word kept in `path` (0600); two first calls at once agree on it."""
    attempt = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(attempt, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(secrets.token_urlsafe(length) + "\n")
    try:
        os.link(attempt, path)
    except FileExistsError:
        pass  # Made before; that one counts.
    finally:
        attempt.unlink()
    return path.read_text(encoding="utf-8").strip()


@dataclass(frozen=True)
class Layout:
    """The names under one var folder."""

    var: Path

    @classmethod
    def prepare(cls, var: Path) -> "Layout":
        layout = cls(make_private(var))
        make_private(layout.logs)
        make_private(layout.locks)
        return layout

    @property
    def logs(self) -> Path:
        return self.var / "log"

    @property
    def locks(self) -> Path:
        return self.var / "locks"

    @property
    def users_lock(self) -> Path:
        """Held shared by every command that uses the embedded servers."""
        return self.locks / "users"

    @property
    def starting_lock(self) -> Path:
        """Held while somebody looks whether the servers run, and starts them."""
        return self.locks / "starting"

    @property
    def supervision_lock(self) -> Path:
        """Held by `up` and its supervisord for as long as either lives."""
        return self.locks / "up"

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"


def last_lines(path: Path, count: int = 12) -> str:
    """Return the end of a log, for the sentence that says why something failed."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 8192))
            text = file.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return "(no log was written)"
    return "\n".join(text.splitlines()[-count:]) or "(its log is empty)"
