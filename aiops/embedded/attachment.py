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
from aiops.embedded import addresses, answering, locks, redis_server, tenancy
from aiops.embedded.addresses import Addresses
from aiops.embedded.errors import EmbeddedError
from aiops.embedded.layout import Layout


@contextmanager
def attach_or_start(var: Path, *, durable: bool = True) -> Iterator[None]:
    """Give this process DATABASE_URL and REDIS_URL, and servers that answer there."""
    wanted = answering.missing()
    if not wanted:
        yield
        return
    layout = Layout.prepare(var)
    users = locks.take(layout.users_lock, shared=True)
    keeper = None
    try:
        with locks.hold(layout.starting_lock):
            settled = addresses.settle(layout, durable=durable)
            silent = _find_silent(wanted, settled)
            if silent and not locks.is_free(layout.supervision_lock):
                # `up` starts them, or is just starting one of them again.
                until = time.monotonic() + answering.DEADLINE
                for name in silent:
                    answering.wait_for(name, settled.url_of(name), until=until)
            elif silent:
                clear_ports(layout, silent)
                keeper = _start_keeper(layout, silent)
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
    with locks.hold(layout.starting_lock):
        silent = _find_silent(wanted, addresses.settle(layout))
        clear_ports(layout, [name for name in silent if locks.is_free(lock_of(layout, name))])
        _name_servers(layout, wanted)


def ours(var: Path) -> list[str]:
    """Name the servers in the environment that are this installation's own."""
    settled = addresses.settle(Layout.prepare(var))
    return [
        name
        for name in answering.VARIABLES
        if os.environ.get(answering.VARIABLES[name]) == settled.url_of(name)
    ]


def _find_silent(wanted: list[str], settled: Addresses) -> list[str]:
    return [name for name in wanted if not answering.answers(name, settled.url_of(name))]


def _name_servers(layout: Layout, wanted: list[str]) -> None:
    settled = addresses.settle(layout)
    for name in wanted:
        os.environ[answering.VARIABLES[name]] = settled.url_of(name)


def clear_ports(layout: Layout, names: list[str]) -> None:
    """Wait for the end of servers that are just going; leave ports that strangers took."""
    for name in names:
        lock = lock_of(layout, name)
        if not locks.is_free(lock, within=20):
            raise EmbeddedError(
                f"{answering.TITLES[name]} of this installation runs ({lock} is held) but "
                f"does not answer. Look into {layout.log(name)}, end it and try again."
            )
        if not addresses.port_is_free(addresses.settle(layout).of(name).port):
            addresses.move(layout, name)


def lock_of(layout: Layout, name: str) -> Path:
    folder = tenancy.folder_of(layout) if name == "postgres" else redis_server.folder_of(layout)
    return folder / "lock"


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
