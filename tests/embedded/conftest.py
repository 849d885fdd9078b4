"""Installations of their own for these tests, and a look at what they leave behind."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from aiops import BASE_DIR
from aiops.embedded import purge, tenancy
from aiops.embedded.layout import Layout

# Other tests, or a whole other run, may share the machine.
DEADLINE = 60.0
# A command of an installation: says that it has its servers, then lives until its input ends.
COMMAND = """
import sys
from pathlib import Path
from aiops.embedded.attachment import attach_or_start
with attach_or_start(Path(sys.argv[1])):
    import os, psycopg, redis
    started = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True).execute(
        "SELECT pg_postmaster_start_time()").fetchone()[0]
    run = redis.Redis.from_url(os.environ["REDIS_URL"]).info("server")["run_id"]
    print("at", started.isoformat(), run, flush=True)
    sys.stdin.read()
print("left", flush=True)
"""


def wait_until(holds: Callable[[], object], within: float = DEADLINE) -> None:
    deadline = time.monotonic() + within
    while not holds():
        assert time.monotonic() < deadline, "The condition did not come true in time."
        time.sleep(0.05)


def processes_of(var: Path) -> list[str]:
    """Return the command lines of everything that still belongs to an installation."""
    layout = Layout(var)
    marks = [str(var)]
    if (var / "instance-id").exists():
        marks.append(str(tenancy.folder_of(layout)))
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            environment = (entry / "environ").read_bytes().decode(errors="replace")
            folder = str((entry / "cwd").readlink())
        except OSError:
            continue  # Gone meanwhile, or a zombie.
        if words and any(mark in f"{words}\0{environment}\0{folder}" for mark in marks):
            found.append(f"{entry.name} {words}")
    return found


def start_command(var: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, str(var)],
        cwd=BASE_DIR,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def session_servers() -> dict[str, str]:
    """Where the servers are that the whole test session uses."""
    return {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL")}


@pytest.fixture
def own_servers(session_servers: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the servers that the whole test session uses."""
    for name in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The var folder of one installation, under a parent that only its owner may enter."""
    parent = tmp_path_factory.mktemp("closed")
    parent.chmod(0o700)
    var = parent / "var"
    yield var
    wait_until(lambda: not processes_of(var))
    purge.purge(var)
