"""`up` and `demo` from the first check to the last process ended, told in calm sentences."""

import contextlib
import errno
import http.client
import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn

from aiops.embedded import addresses, answering, heartbeat, locks
from aiops.embedded.daemon import Daemon, Notice
from aiops.embedded.errors import EmbeddedError
from aiops.embedded.layout import Layout, last_lines
from aiops.embedded.programs import Program, choose

_READY_WITHIN = 120.0
_END_WITHIN = 12.0
# What ended so often within so many seconds is not started again.
_ENDS, _WITHIN = 5, 120.0
_LOOK_EVERY = 15.0
_LEAST_SPACE = 500 * 1024 * 1024
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class Plan:
    """What to run. `prepare` runs when the servers answer; it returns how to sign in."""

    var: Path
    port: int
    simulated: bool
    embedded: list[str]
    # Of the fleet, each with a worker that checks it.
    parts: int
    prepare: Callable[[], str]


class LeaveError(BaseException):
    """The person asked us to end."""


def run(plan: Plan) -> int:
    """Keep everything up until Ctrl-C or SIGTERM (0), or until something cannot be kept up (1).

    EmbeddedError says why nothing was started at all.
    """
    layout = Layout.prepare(plan.var)
    lock = _claim(layout)
    ending = _Ending()
    try:
        _check(plan, layout)
        with tempfile.TemporaryDirectory(prefix="aiops-") as folder:
            programs = choose(plan.embedded, plan.port, simulated=plan.simulated, parts=plan.parts)
            daemon = Daemon(layout, programs, Path(folder), lock)
            ending.daemon = daemon
            try:
                _Narrator(plan, layout, daemon, programs).tell_all()
            except EmbeddedError as error:
                say(f"\n{error}")
                return 1
            finally:
                _end(daemon, ending)
    except LeaveError:
        return 0
    finally:
        os.ftruncate(lock, 0)
        os.close(lock)


def say(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


class _Ending:
    """The first signal ends in order, the second at once."""

    def __init__(self) -> None:
        self.daemon: Daemon | None = None
        self._asked = False
        for number in _SIGNALS:
            signal.signal(number, self._on_signal)

    def begin(self) -> None:
        self._asked = True

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        if not self._asked:
            self._asked = True
            raise LeaveError
        if self.daemon is not None:
            self.daemon.kill()


def _end(daemon: Daemon, ending: _Ending) -> None:
    ending.begin()
    say("\nEnding everything. Ctrl-C again ends it at once.")
    in_order = daemon.end(within=_END_WITHIN)
    say("Everything has ended." if in_order else "What had not ended by itself was killed.")


def _claim(layout: Layout) -> int:
    """Take the lock of this installation; supervisord inherits it."""
    try:
        lock = locks.take(layout.supervision_lock, within=0)
    except locks.HeldError:
        lock = _outlast(layout)
    os.ftruncate(lock, 0)
    os.write(lock, f"process {os.getpid()}".encode())
    return lock


def _outlast(layout: Layout) -> int:
    """Take the lock after a starter that was killed: what it started is ending."""
    holder = layout.supervision_lock.read_text(encoding="utf-8").strip() or "process unknown"
    if not _is_alive(holder.removeprefix("process ")):
        say("Waiting for the end of what a killed start left.")
        with contextlib.suppress(locks.HeldError):
            return locks.take(layout.supervision_lock, within=15)
    raise EmbeddedError(
        f"This installation runs already ({holder}; its data are in {layout.var}). End that "
        "one first, or set AIOPS_VAR_DIR and PORT for a second installation."
    )


def _is_alive(number: str) -> bool:
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except (PermissionError, ValueError):
        pass  # Another user's, or not told yet by one that is just starting.
    return True


def _check_port(plan: Plan) -> None:
    try:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((addresses.LOOPBACK, plan.port))
    except OSError as error:
        make = "make demo" if plan.simulated else "make up"
        why, other = "is used by another program", plan.port + 1
        if error.errno == errno.EACCES:
            why, other = "needs root", 8000
        raise EmbeddedError(
            f"Port {plan.port} on {addresses.LOOPBACK} {why}. Choose another one: "
            f"PORT={other} {make}"
        ) from error


def _check(plan: Plan, layout: Layout) -> None:
    _check_port(plan)
    free = shutil.disk_usage(plan.var).free
    if free < _LEAST_SPACE:
        raise EmbeddedError(
            f"Only {free // 1024**2} MB are free at {plan.var}; at least "
            f"{_LEAST_SPACE // 1024**2} MB are needed. Make room, or set AIOPS_VAR_DIR to a "
            "folder on another disk."
        )
    for name in plan.embedded:
        lock = answering.lock_of(layout, name)
        if not locks.is_free(lock):
            say("Waiting for another command of this installation to end.")
        if not locks.is_free(lock, within=15):
            raise EmbeddedError(
                f"Another command of this installation still uses {answering.TITLES[name]} "
                "(a manage.py shell, perhaps). End it and start again."
            )


class _Narrator:
    """Says what happens, and does the little that supervisord cannot see."""

    def __init__(
        self, plan: Plan, layout: Layout, daemon: Daemon, programs: Sequence[Program]
    ) -> None:
        self._plan = plan
        self._layout = layout
        self._daemon = daemon
        self._ended: dict[str, str] = {}
        self._ends: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=_ENDS))
        self._watches = [heartbeat.Watch(one.name) for one in programs if one.shows_life]

    def tell_all(self) -> NoReturn:
        if self._plan.embedded:
            say("Starting PostgreSQL and Redis.")
        until = time.monotonic() + answering.DEADLINE
        for name in answering.VARIABLES:
            server = answering.named(self._plan.var, name)
            answering.wait_for(server, until=until, on_silence=self._hear)
        how_to_sign_in = self._plan.prepare()
        # The sign-in page first: on two cores the others would keep it waiting.
        say("Starting the web process.")
        self._daemon.start_web()
        self._await_ready()
        self._daemon.start_the_rest()
        say(f"\nAIOps NextGen is ready: http://{_name_host(self._plan.port)}:{self._plan.port}/")
        say(how_to_sign_in)
        say(f"Ctrl-C ends everything. The logs are in {self._layout.logs}.\n")
        looked = time.monotonic()
        while True:
            self._hear()
            if time.monotonic() - looked > _LOOK_EVERY:
                looked = time.monotonic()
                self._look_after_workers()
            time.sleep(0.3)

    def _await_ready(self) -> None:
        deadline = time.monotonic() + _READY_WITHIN
        while answer := _ask_ready(self._plan.port):
            self._hear()
            if time.monotonic() > deadline:
                log = self._layout.log("web")
                raise EmbeddedError(
                    f"The web process did not become ready: {answer}\n"
                    f"The end of {log}:\n{last_lines(log)}"
                )
            time.sleep(0.2)

    def _hear(self) -> None:
        for notice in self._daemon.listen():
            self._tell(notice)

    def _tell(self, notice: Notice) -> None:
        if notice.what == "ended":
            self._ended[notice.name] = notice.detail.removeprefix("terminated by ")
            ends = self._ends[notice.name]
            ends.append(time.monotonic())
            if len(ends) == _ENDS and ends[-1] - ends[0] < _WITHIN:
                self._give_up(notice.name)
        elif notice.what == "spawned" and notice.name in self._ended:
            say(f"{notice.name} ended ({self._ended.pop(notice.name)}); started again.")
        elif notice.what == "given up":
            self._give_up(notice.name)

    def _give_up(self, name: str) -> NoReturn:
        log = self._layout.log(name)
        raise EmbeddedError(
            f"{name} cannot be kept up: it ended again and again "
            f"({self._ended.get(name, 'no reason given')}). The end of {log}:\n{last_lines(log)}"
        )

    def _look_after_workers(self) -> None:
        for watch in self._watches:
            silent_for = heartbeat.age(answering.url_of("redis"), watch.name)
            for name in watch.look(self._daemon.running_for(), silent_for):
                say(f"{watch.name} has shown no life for minutes; starting {name} again.")
                self._daemon.restart(name)


def _name_host(port: int) -> str:
    """Return "localhost", unless a browser that tries IPv6 first would meet a stranger there."""
    try:
        with socket.create_connection(("::1", port), timeout=1):
            return addresses.LOOPBACK
    except OSError:
        return "localhost"


def _ask_ready(port: int) -> str:
    """Return "" when the platform is ready, else why it is not."""
    hosts = os.environ.get("ALLOWED_HOSTS", "localhost").split(",")
    host = hosts[0].strip().lstrip(".*") or "localhost"
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/ready", headers={"Host": host})
        answer = connection.getresponse()
        body = answer.read(500).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        return f"no answer on port {port} ({error})."
    finally:
        connection.close()
    return "" if answer.status == 200 else f"/ready answers {answer.status}: {body}"
