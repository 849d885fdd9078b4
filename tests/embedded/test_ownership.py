"""Whose folders and processes these are: nothing of others is touched, and nothing is left."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from aiops.embedded import lifeline, locks, purge, tenancy
from aiops.embedded.attachment import attach_or_start
from aiops.embedded.errors import EmbeddedError
from aiops.embedded.layout import Layout

pytestmark = [
    pytest.mark.usefixtures("own_servers"),
]


def test_a_folder_with_other_things_is_neither_closed_nor_removed(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "letter").touch()
    for slip in (Layout.prepare, purge.purge):
        with pytest.raises(EmbeddedError, match="holds something else"):
            slip(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755
    assert (tmp_path / "letter").exists()


def test_nothing_is_removed_while_it_is_used(var: Path) -> None:
    layout = Layout.prepare(var)
    with locks.hold(layout.supervision_lock), pytest.raises(EmbeddedError, match="is used"):
        purge.purge(var)
    assert layout.locks.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    os.chown(tmp_path, 65534, 65534)
    with pytest.raises(EmbeddedError, match="belongs to nobody"):
        Layout.prepare(tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has an account for PostgreSQL")
def test_what_the_account_left_beside_its_data_leads_nobody_astray(
    var: Path, tmp_path: Path
) -> None:
    with attach_or_start(var):
        pass
    (tmp_path / "of-root").write_text("precious")
    home = tenancy.settle(Layout(var))
    assert home.account is not None
    trap = home.folder / "password-digest"
    trap.unlink()
    trap.symlink_to(tmp_path / "of-root")
    os.chown(trap, home.account.pw_uid, home.account.pw_gid, follow_symlinks=False)
    # As earlier versions left it.
    home.give(home.folder)
    with attach_or_start(var):
        assert home.folder.stat().st_uid == 0
    assert (tmp_path / "of-root").read_text() == "precious"
    assert not trap.is_symlink()


def test_a_process_whose_parent_is_gone_before_it_looks_ends() -> None:
    code = "import signal; from aiops.embedded import lifeline as line;"
    code += "line.end_with_parent(signal.SIGKILL); print('lives')"
    for parent, said in ((os.getpid(), "lives\n"), (1, "")):
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, lifeline.PARENT: str(parent)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.stdout == said
