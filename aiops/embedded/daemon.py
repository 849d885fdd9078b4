"""The supervisord that keeps the processes up: started, asked, listened to, ended."""

import contextlib
import http.client
import os
import re
import signal
import subprocess
import sys
import time
import xmlrpc.client
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from supervisor.xmlrpc import Faults, SupervisorTransport

from aiops import BASE_DIR
from aiops.embedded import lifeline
from aiops.embedded.errors import EmbeddedError
from aiops.embedded.layout import Layout, last_lines
from aiops.embedded.programs import Program, configure


@dataclass(frozen=True)
class Notice:
    """One line of supervisord's log: a process began, ended, was stopped or given up."""

    what: str
    name: str
    detail: str


_NOTICES = {
    "spawned": re.compile(r"INFO spawned: '(?P<name>[^']+)' with pid (?P<detail>\d+)"),
    "ended": re.compile(r"exited: (?P<name>\S+) \((?P<detail>[^;)]+)"),
    "given up": re.compile(r"INFO gave up: (?P<name>\S+) entered FATAL(?P<detail>)"),
    "stopped": re.compile(r"stopped: (?P<name>\S+) \((?P<detail>[^;)]+)"),
}


def read_notice(line: str) -> Notice | None:
    for what, pattern in _NOTICES.items():
        if match := pattern.search(line):
            return Notice(what, match["name"], match["detail"])
    return None


class UnreachableError(Exception):
    """supervisord does not listen: not yet, or no more."""


# supervisord has so many seconds to begin to listen.
_CONTROL_WITHIN = 15.0
# It had ended, or was started, just before we asked, or ended while we asked: supervisord writes
# in its log what became of it, and starts it again.
_TOLD_BY_THE_LOG = frozenset({Faults.NOT_RUNNING, Faults.ALREADY_STARTED, Faults.SPAWN_ERROR})
_SUPERVISORD = (sys.executable, "-m", "aiops.embedded", "supervisord", "--with-parent", "--")


class Daemon:
    """One running supervisord. `folder` is private to it and its starter."""

    def __init__(self, layout: Layout, programs: list[Program], folder: Path, lock: int) -> None:
        self.programs = {program.name: program for program in programs}
        self._folder = folder
        self._log_offset = 0
        self._groups: dict[str, int] = {}
        (folder / "supervisord.conf").write_text(configure(programs, layout, folder))
        self._process = subprocess.Popen(
            [*_SUPERVISORD, "-c", str(folder / "supervisord.conf")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=(folder / "stderr").open("wb"),
            cwd=BASE_DIR,
            env=lifeline.as_parent(),
            umask=0o077,
            # Ctrl-C is for us; we end supervisord in our own order.
            start_new_session=True,
            pass_fds=(lock,),
        )

    def listen(self) -> list[Notice]:
        """Return what has happened since the last call; raise when supervisord is gone."""
        notices = self._read_log()
        if not notices and self._process.poll() is not None:
            why = last_lines(self._folder / "stderr") + last_lines(self._folder / "supervisord.log")
            raise EmbeddedError(f"supervisord ended by itself:\n{why}")
        return notices

    def _read_log(self) -> list[Notice]:
        log = self._folder / "supervisord.log"
        if not log.exists():
            return []
        with log.open("rb") as file:
            file.seek(self._log_offset)
            # A line that is still being written is read the next time.
            lines = [line for line in file if line.endswith(b"\n")]
        self._log_offset += sum(map(len, lines))
        notices = [notice for line in lines if (notice := read_notice(line.decode("utf-8")))]
        for notice in notices:
            if notice.what == "spawned":
                self._groups[notice.name] = int(notice.detail)
            elif notice.what in {"ended", "stopped"}:
                self._groups.pop(notice.name, None)
        return notices

    def start_web(self) -> None:
        self._insist("startProcess", self.programs["web"].address)

    def start_the_rest(self) -> None:
        self._insist("startProcessGroup", "app")

    def _insist(self, method: str, name: str) -> None:
        deadline = time.monotonic() + _CONTROL_WITHIN
        while True:
            try:
                self._ask(method, name, False)
                return
            except UnreachableError as error:
                self.listen()
                if time.monotonic() >= deadline:
                    why = last_lines(self._folder / "supervisord.log")
                    raise EmbeddedError(f"supervisord takes no orders ({error}):\n{why}") from error
                time.sleep(0.05)

    def restart(self, name: str) -> None:
        """Start a program again; where supervisord cannot be reached, `listen` will say why."""
        address = self.programs[name].address
        with contextlib.suppress(UnreachableError):
            self._ask("stopProcess", address)
            self._ask("startProcess", address, False)

    def running_for(self) -> dict[str, float]:
        """Return for how many seconds each steady process has been up."""
        try:
            found = self._ask("getAllProcessInfo")
        except UnreachableError:
            return {}
        return {
            info["name"]: float(info["now"] - info["start"])
            for info in found
            if info["statename"] == "RUNNING"
        }

    def _ask(self, method: str, *given: object) -> Any:
        transport = SupervisorTransport(None, None, f"unix://{self._folder / 'control'}")
        proxy = xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport)
        try:
            return getattr(proxy.supervisor, method)(*given)
        except (OSError, http.client.HTTPException) as error:
            raise UnreachableError(str(error)) from error
        except xmlrpc.client.Fault as error:
            if error.faultCode == Faults.SHUTDOWN_STATE:
                raise UnreachableError("it is ending") from error
            if error.faultCode not in _TOLD_BY_THE_LOG:
                raise

    def end(self, within: float) -> bool:
        """Ask everything to end in order, and kill what has not ended by then; was all in order?"""
        if self._process.poll() is None:
            self._process.terminate()
        deadline = time.monotonic() + within
        while self._process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        self._read_log()
        in_order = self._process.poll() is not None
        self.kill()
        self._process.wait()
        return in_order

    def kill(self) -> None:
        """End everything at once. PostgreSQL alone is spared the kill: it would have to recover."""
        if self._process.poll() is None:
            self._process.kill()
        for name, group in self._groups.items():
            number = signal.SIGQUIT if name == "postgres" else signal.SIGKILL
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, number)
