"""`python -m aiops.embedded.purge`: removes an installation's data. Needs no installed package."""

import shutil
import sys
from contextlib import ExitStack
from pathlib import Path

from aiops.embedded import locks, tenancy
from aiops.embedded.errors import EmbeddedError
from aiops.embedded.layout import Layout, var_dir


def purge(var: Path) -> None:
    """Remove the database, wherever it lies, and var/; refuse while somebody uses them."""
    layout = Layout(var)
    if not var.exists():
        return
    layout.refuse_foreign()
    with ExitStack() as held:
        _take(layout.supervision_lock, held, within=0)
        # The servers of a command that has just ended may still be ending.
        _take(layout.users_lock, held, within=15)
        _take(layout.redis / "lock", held, within=15)
        _take(tenancy.folder_of(layout) / "lock", held, within=15)
        tenancy.discard(layout)
        shutil.rmtree(var)


def _take(lock: Path, held: ExitStack, within: float) -> None:
    try:
        if lock.parent.exists():
            held.enter_context(locks.hold(lock, within=within))
    except locks.HeldError:
        raise EmbeddedError(
            f"This installation is used: {lock} is held. End what runs, and try again."
        ) from None


if __name__ == "__main__":
    try:
        purge(var_dir())
    except EmbeddedError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"{error.filename} could not be removed: {error.strerror}.")
