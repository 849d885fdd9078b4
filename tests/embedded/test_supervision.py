"""`manage.py up` keeps everything up, says what happens, and leaves nothing behind."""

import os
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from aiops import BASE_DIR
from aiops.embedded import addresses, locks
from aiops.embedded.layout import Layout
from tests.embedded.conftest import processes_of, wait_until

pytestmark = [
    pytest.mark.usefixtures("own_servers"),
    pytest.mark.slow,
]
_OURS = ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE")


class Installation:
    """One `manage.py up`, its words and its processes."""

    def __init__(
        self,
        var: Path,
        door: Sequence[str] = ("manage.py", "up"),
        command: Sequence[str] = (),
        port: int | None = None,
    ) -> None:
        self.var = var
        self.port = port or addresses.free_port()
        self.said = var.parent / f"said-{self.port}"
        words = [*door, str(self.port), *command] if command else door
        with self.said.open("wb") as said:
            self.process = subprocess.Popen(
                [sys.executable, *words],
                cwd=BASE_DIR,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
            )

    @property
    def environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if name not in _OURS}
        return {**inherited, "AIOPS_VAR_DIR": str(self.var), "PORT": str(self.port)}

    def words(self) -> str:
        return self.said.read_text()

    def await_words(self, *words: str) -> None:
        wait_until(lambda: self.process.poll() is not None or all(w in self.words() for w in words))
        assert all(word in self.words() for word in words), self.words()

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/ready", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def pid_of(self, mark: str) -> int:
        return next(int(line.split()[0]) for line in processes_of(self.var) if mark in line)

    def manage(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=BASE_DIR,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def leaves_nothing(self) -> bool:
        layout = Layout(self.var)
        held = [layout.users_lock, layout.starting_lock, layout.supervision_lock]
        return not processes_of(self.var) and all(locks.is_free(lock) for lock in held)


@contextmanager
def running(installation: Installation) -> Iterator[Installation]:
    try:
        yield installation
    finally:
        if installation.process.poll() is None:
            installation.process.kill()
        installation.process.wait()
        wait_until(lambda: not processes_of(installation.var))


@pytest.fixture(scope="module")
def installation(var: Path) -> Iterator[Installation]:
    """The whole platform, started once; the last test of it ends it with Ctrl-C."""
    with running(Installation(var)) as started:
        started.await_words("AIOps NextGen is ready", "Ctrl-C ends everything.")
        yield started


def test_up_says_where_and_how_and_keeps_its_secrets(installation: Installation) -> None:
    var = installation.var
    password = (var / "admin-password").read_text().strip()
    assert f"http://localhost:{installation.port}/" in installation.words()
    assert f"Sign in as admin with the password {password}" in installation.words()
    assert stat.S_IMODE((var / "admin-password").stat().st_mode) == 0o600
    assert all(stat.S_IMODE(log.stat().st_mode) == 0o600 for log in (var / "log").iterdir())
    settled = addresses.settle(Layout(var))
    secrets = [password, settled.postgres.password, settled.redis.password]
    lines = "\n".join(processes_of(var))
    assert "aiops.web" in lines
    assert not any(secret in lines for secret in secrets)


def test_a_second_start_of_the_same_installation_is_refused(installation: Installation) -> None:
    again = Installation(installation.var)
    assert again.process.wait(timeout=30) == 1
    assert "This installation runs already (process" in again.words()


def test_a_command_uses_the_servers_that_run(installation: Installation) -> None:
    count = (
        "from django.contrib.auth import get_user_model as model;"
        "print(model().objects.filter(username='admin').count())"
    )
    answer = installation.manage("shell", "--verbosity", "0", "-c", count)
    assert answer.stdout.strip() == "1", answer.stderr
    assert sum("bin/postgres -D" in line for line in processes_of(installation.var)) == 1


def test_whatever_is_killed_is_started_again_and_no_data_are_lost(
    installation: Installation,
) -> None:
    marks = {
        "web": "-m aiops.web",
        "worker": "--queues collect",
        "checks": "--queues poll",
        "beat": "celery -A aiops beat",
        "redis": "redis-server 127.0.0.1",
        "postgres": "bin/postgres -D",
    }
    for mark in marks.values():
        os.kill(installation.pid_of(mark), signal.SIGKILL)
    installation.await_words(*(f"{name} ended (SIGKILL); started again." for name in marks))
    wait_until(installation.is_ready)
    assert installation.manage("migrate", "--check").returncode == 0


def test_ctrl_c_ends_everything_and_leaves_nothing(installation: Installation) -> None:
    installation.process.send_signal(signal.SIGINT)
    assert installation.process.wait(timeout=60) == 0
    assert installation.leaves_nothing()
    assert "Traceback" not in installation.words()


def test_a_second_start_is_quick_and_nothing_outlives_kill_9(var: Path) -> None:
    begun = time.monotonic()
    with running(Installation(var)) as installation:
        installation.await_words("AIOps NextGen is ready")
        # Under 15 s where nothing else runs; here others may.
        assert time.monotonic() - begun < 45
        installation.process.kill()
        installation.process.wait()
        wait_until(installation.leaves_nothing)


# The same supervision with an application that is quick to start.
_SMALL = """
import os, sys
from pathlib import Path
from aiops.embedded import supervision
from aiops.embedded.attachment import announce, ours
from aiops.embedded.programs import Program
supervision._READY_WITHIN = float(os.environ.get("READY_WITHIN", "60"))
var, port, command = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
announce(var)
choose = supervision.choose
supervision.choose = lambda *given, **options: [
    *(p for p in choose(*given, **options) if p.server), Program("web", tuple(command))]
sys.exit(supervision.run(supervision.Plan(var, port, False, ours(var), 1, lambda: "")))
"""


def start_small(var: Path, *command: str) -> Installation:
    return Installation(var, ["-c", _SMALL, str(var)], command)


def has_logged(var: Path, word: str) -> bool:
    log = Layout(var).log("web")
    return log.exists() and word in log.read_text().splitlines()


def test_nothing_outlives_a_killed_supervisor(var: Path) -> None:
    with running(start_small(var, "sh", "-c", "echo awake; sleep 1000")) as installation:
        wait_until(lambda: has_logged(var, "awake"))
        os.kill(installation.pid_of("supervisor.supervisord"), signal.SIGKILL)
        assert installation.process.wait(timeout=30) == 1
        assert "supervisord ended by itself" in installation.words()
        wait_until(installation.leaves_nothing)


def test_a_second_ctrl_c_ends_everything_at_once(var: Path) -> None:
    deaf = "trap '' TERM; echo deaf; read word"
    with running(start_small(var, "sh", "-c", deaf)) as installation:
        wait_until(lambda: has_logged(var, "deaf"))
        installation.process.send_signal(signal.SIGINT)
        installation.await_words("Ctrl-C again")
        installation.process.send_signal(signal.SIGINT)
        assert installation.process.wait(timeout=4) == 0
        wait_until(installation.leaves_nothing)


# The first ends at once, the second when it counts as steady already.
@pytest.mark.parametrize("pause", ["", "sleep 1.2; "])
def test_what_cannot_be_kept_up_is_named_with_its_last_words(var: Path, pause: str) -> None:
    talk = f"{pause}echo the disk is on fire >&2; exit 3"
    with running(start_small(var, "sh", "-c", talk)) as installation:
        assert installation.process.wait(timeout=40) == 1
        said = installation.words()
    assert "web cannot be kept up: it ended again and again (exit status 3)" in said
    assert "the disk is on fire" in said
    assert said.strip().endswith("Everything has ended.")


def test_a_web_process_that_never_answers_is_not_waited_for_without_end(
    var: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("READY_WITHIN", "1")
    with running(start_small(var, "sh", "-c", "echo deaf >&2; exec sleep 1000")) as installation:
        assert installation.process.wait(timeout=40) == 1
        said = installation.words()
    assert "The web process did not become ready: no answer on port" in said
    assert "deaf" in said.splitlines()


def test_a_busy_port_is_named_with_what_to_do(var: Path) -> None:
    with socket.create_server((addresses.LOOPBACK, 0)) as stranger:
        taken = stranger.getsockname()[1]
        with running(Installation(var, port=taken)) as installation:
            assert installation.process.wait(timeout=30) == 1
            said = installation.words()
    assert f"Port {taken} on 127.0.0.1 is used by another program." in said
    assert f"PORT={taken + 1} make up" in said
