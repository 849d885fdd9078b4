"""Where things lie under var/, and how the private folders are made."""

import os
import pwd
import secrets
from dataclasses import dataclass
from pathlib import Path

from aiops import BASE_DIR
from aiops.embedded.errors import EmbeddedError

# Says that a folder is ours, so that a slip in AIOPS_VAR_DIR never closes or removes another.
_MARKER = ".aiops-nextgen"
# The clone's own var/ may be older than the marker.
_SIGNS = ("instance-id", "servers.json", "secret-key")


def var_dir() -> Path:
    return Path(os.environ.get("AIOPS_VAR_DIR") or BASE_DIR / "var").resolve()


def make_private(folder: Path) -> Path:
    """Make `folder` so that other local users cannot read it; its parents stay as they are."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder


def write_aside(path: Path, text: str) -> Path:
    """Write a private file (0600) beside `path`, to be linked or renamed to it."""
    attempt = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(attempt, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    return attempt


def write_first(path: Path, text: str) -> None:
    """Write a private file unless it is there; of two writers at once the first counts."""
    attempt = write_aside(path, text)
    try:
        os.link(attempt, path)
    except FileExistsError:
        pass  # Made before; that one counts.
    finally:
        attempt.unlink()


def make_once(path: Path, length: int = 24) -> str:
    """Return the random word kept in `path`; the first call makes it."""
    write_first(path, secrets.token_urlsafe(length) + "\n")
    return path.read_text(encoding="utf-8").strip()


@dataclass(frozen=True)
class Layout:
    """The names under one var folder."""

    var: Path

    @classmethod
    def prepare(cls, var: Path) -> "Layout":
        """Make the folders, or refuse a folder that is not ours."""
        layout = cls(var)
        if var.exists():
            layout.refuse_foreign()
        make_private(var)
        (var / _MARKER).touch()
        make_private(layout.logs)
        make_private(layout.locks)
        return layout

    def refuse_foreign(self) -> None:
        """Raise when the folder is another user's, or holds what we did not put there."""
        remedy = "Set AIOPS_VAR_DIR to a folder that is used for nothing else."
        owner = self.var.stat().st_uid
        if owner != os.geteuid():
            raise EmbeddedError(f"{self.var} belongs to {_name_user(owner)}. {remedy}")
        signs = (_MARKER, *_SIGNS) if self.var == BASE_DIR / "var" else (_MARKER,)
        if not any((self.var / sign).exists() for sign in signs) and any(self.var.iterdir()):
            raise EmbeddedError(
                f"{self.var} holds something else, and would be closed to others. {remedy}"
            )

    @property
    def logs(self) -> Path:
        return self.var / "log"

    @property
    def locks(self) -> Path:
        return self.var / "locks"

    @property
    def redis(self) -> Path:
        return self.var / "redis"

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


def _name_user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"


def last_lines(path: Path, count: int = 12) -> str:
    """Return the end of a log, for the sentence that says why something failed."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 8192))
            text = file.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return "(no log was written)"
    return "\n".join(text.splitlines()[-count:]) or "(its log is empty)"
