"""Owns the embedded servers while commands use them, and stops them after the last one."""

import contextlib
import signal
import subprocess
import sys
import time
from types import FrameType

from aiops import BASE_DIR
from aiops.embedded import answering, lifeline, locks, postgres, redis_server
from aiops.embedded.errors import EmbeddedError
from aiops.embedded.layout import Layout, last_lines

_STOP_SIGNALS = {"postgres": postgres.STOP_SIGNAL, "redis": redis_server.STOP_SIGNAL}
Servers = dict[str, subprocess.Popen[bytes]]


def keep(layout: Layout, names: list[str]) -> None:
    """Start the servers, say "ready", and stop them when nobody holds the users' lock."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _leave)
    servers: Servers = {}
    try:
        for name in names:
            servers[name] = _start(layout, name)
        _await_all(layout, servers)
        _say("ready")
        # Held until this process has ended, and so until the servers have stopped: a command
        # that comes now waits, and then starts its own.
        locks.take(layout.users_lock)
        _say("stopping")
    finally:
        _stop(servers)


def _start(layout: Layout, name: str) -> subprocess.Popen[bytes]:
    with layout.log(name).open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "aiops.embedded", name, "--with-parent"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=BASE_DIR,
            env=lifeline.as_parent(),
        )


def _await_all(layout: Layout, servers: Servers) -> None:
    def look_why() -> None:
        for name, server in servers.items():
            if (code := server.poll()) is not None:
                why = last_lines(layout.log(name))
                raise EmbeddedError(f"{answering.TITLES[name]} ended with code {code}:\n{why}")

    until = time.monotonic() + answering.DEADLINE
    for name in servers:
        server = answering.embedded(layout, name)
        answering.wait_for(server, until=until, on_silence=look_why)


def _stop(servers: Servers) -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    for name, server in servers.items():
        server.send_signal(_STOP_SIGNALS[name])
    for server in servers.values():
        try:
            server.wait(timeout=10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _say(word: str) -> None:
    # The command that started us may be gone while another still uses the servers.
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.write(f"{word}\n")
        sys.stdout.flush()


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)
