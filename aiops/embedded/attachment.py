"""How a command comes by its servers: those that run already, or some for its own duration.

A keeper process of its own (keeper.py) owns the servers. Each command that uses them holds the
users' lock shared, and the keeper stops them when nobody holds it any more. So a command may
end, in any way, while another still works with the same servers.
"""

import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aiops import BASE_DIR
from aiops.embedded import addresses, answering, locks
from aiops.embedded.answering import Server
from aiops.embedded.errors import EmbeddedError
from aiops.embedded.layout import Layout

# A server that begins or ends right now gets this many seconds.
_AT_IT = 30.0


@contextmanager
def attach_or_start(var: Path, *, durable: bool = True) -> Iterator[None]:
    """Give this process DATABASE_URL and REDIS_URL, and servers that answer there."""
    wanted = answering.missing()
    if not wanted:
        yield
        return
    layout = Layout.prepare(var)
    _forget_libpq(wanted)
    users = locks.take(layout.users_lock, shared=True)
    keeper = None
    try:
        with locks.hold(layout.starting_lock):
            addresses.settle(layout, durable=durable)
            servers = [answering.embedded(layout, name) for name in wanted]
            if not locks.is_free(layout.supervision_lock):
                # `up` starts them, or is just starting one of them again.
                until = time.monotonic() + answering.DEADLINE
                for server in servers:
                    answering.wait_for(server, until=until)
            elif absent := [server.name for server in servers if not _await(server)]:
                _leave_taken_ports(layout, absent)
                keeper = _start_keeper(layout, absent)
            _name_servers(layout, wanted)
        yield
    finally:
        for name in wanted:
            os.environ.pop(answering.VARIABLES[name], None)
        os.close(users)
        if keeper is not None:
            _leave(keeper)


def announce(var: Path) -> None:
    """Name the servers in the environment without starting them."""
    wanted = answering.missing()
    if not wanted:
        return
    layout = Layout.prepare(var)
    _forget_libpq(wanted)
    with locks.hold(layout.starting_lock):
        servers = [answering.embedded(layout, name) for name in wanted]
        _leave_taken_ports(layout, [server.name for server in servers if server.is_gone()])
        _name_servers(layout, wanted)


def ours(var: Path) -> list[str]:
    """Name the servers in the environment that are this installation's own."""
    return [name for name in answering.VARIABLES if answering.named(var, name).lock is not None]


def _await(server: Server) -> bool:
    """Tell whether the server runs, once it has begun or ended what it is at."""
    deadline = time.monotonic() + _AT_IT
    while reason := server.ask():
        if server.is_gone():
            return False
        if time.monotonic() >= deadline:
            raise EmbeddedError(
                f"{server.title} of this installation runs ({server.lock} is held) but does not "
                f"answer: {reason} Look into {server.log}, end it and try again."
            )
        time.sleep(0.05)
    return True


def _leave_taken_ports(layout: Layout, names: list[str]) -> None:
    """Let servers that do not run move away from ports that strangers took."""
    for name in names:
        if not addresses.port_is_free(addresses.settle(layout).of(name).port):
            addresses.move(layout, name)


def _name_servers(layout: Layout, wanted: list[str]) -> None:
    settled = addresses.settle(layout)
    for name in wanted:
        os.environ[answering.VARIABLES[name]] = settled.url_of(name)


def _forget_libpq(wanted: list[str]) -> None:
    """PGHOSTADDR, PGSSLMODE and the like were meant for a server of the person's own."""
    if "postgres" in wanted:
        for name in [name for name in os.environ if name.startswith("PG")]:
            del os.environ[name]


def _start_keeper(layout: Layout, names: list[str]) -> subprocess.Popen[str]:
    with layout.log("keeper").open("a") as log:
        keeper = subprocess.Popen(
            [sys.executable, "-m", "aiops.embedded", "keep", *names],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            cwd=BASE_DIR,
            env=os.environ | {"AIOPS_VAR_DIR": str(layout.var)},
            # Ctrl-C is for the command; the keeper ends when the last command has.
            start_new_session=True,
        )
    said = keeper.stdout.readline().strip() if keeper.stdout else ""
    if said != "ready":
        rest = keeper.stdout.read() if keeper.stdout else ""
        keeper.wait()
        reason = f"{said}\n{rest}".strip() or f"Look into {layout.log('keeper')}."
        raise EmbeddedError(f"The embedded servers did not start. {reason}")
    return keeper


def _leave(keeper: subprocess.Popen[str]) -> None:
    """Wait for the servers' end, unless another command uses them on."""
    if keeper.stdout is None:
        return
    with keeper.stdout:
        # The keeper says "stopping" as soon as it sees itself alone.
        readable, _, _ = select.select([keeper.stdout], [], [], 1.0)
        if readable:
            keeper.wait(timeout=30)
        else:
            keeper.returncode = 0  # It lives on for others: no warning about it at exit.
