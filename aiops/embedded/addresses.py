"""The ports and passwords of the embedded servers: made once, kept in var/servers.json."""

import contextlib
import json
import os
import random
import secrets
import socket
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from aiops.embedded.errors import EmbeddedError
from aiops.embedded.layout import Layout

LOOPBACK = "127.0.0.1"
# Below the range from which the kernel gives ports to outgoing connections, so that a kept
# port is rarely busy at the next start.
_PORTS = range(20_000, 32_000)


@dataclass(frozen=True)
class Address:
    port: int
    password: str


@dataclass(frozen=True)
class Addresses:
    postgres: Address
    redis: Address
    durable: bool = True

    def of(self, name: str) -> Address:
        return self.postgres if name == "postgres" else self.redis

    def url_of(self, name: str) -> str:
        at = self.of(name)
        if name == "postgres":
            return f"postgresql://aiops:{at.password}@{LOOPBACK}:{at.port}/aiops"
        return f"redis://:{at.password}@{LOOPBACK}:{at.port}/0"


def settle(layout: Layout, *, durable: bool = True) -> Addresses:
    """Return the kept addresses; the first call makes them."""
    path = _path(layout)
    if not path.exists():
        first, second = (Address(free_port(), secrets.token_urlsafe(24)) for _ in range(2))
        attempt = _write_aside(path, Addresses(first, second, durable))
        # Of two first calls at once, the one that links first counts for both.
        with contextlib.suppress(FileExistsError):
            os.link(attempt, path)
        attempt.unlink()
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return Addresses(
            Address(**kept["postgres"]), Address(**kept["redis"]), bool(kept["durable"])
        )
    except (ValueError, KeyError, TypeError) as error:
        raise EmbeddedError(
            f"{path} is damaged. Remove it; the servers get new ports and passwords, "
            "and no data is lost."
        ) from error


def move(layout: Layout, name: str) -> Addresses:
    """Give the server `name` another port, because a stranger listens on the kept one.

    Only under the starting lock: nobody else may be about to start the server.
    """
    kept = settle(layout)
    if name == "postgres":
        moved = replace(kept, postgres=replace(kept.postgres, port=free_port()))
    else:
        moved = replace(kept, redis=replace(kept.redis, port=free_port()))
    _write_aside(_path(layout), moved).replace(_path(layout))
    return moved


def free_port() -> int:
    for port in random.sample(_PORTS, 200):
        if port_is_free(port):
            return port
    raise EmbeddedError(
        f"No free port was found between {_PORTS.start} and {_PORTS.stop}. Set DATABASE_URL and "
        "REDIS_URL to servers of your own."
    )


def port_is_free(port: int, host: str = LOOPBACK) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _path(layout: Layout) -> Path:
    return layout.var / "servers.json"


def _write_aside(path: Path, addresses: Addresses) -> Path:
    attempt = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(attempt, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(asdict(addresses), file, indent=2)
    return attempt
