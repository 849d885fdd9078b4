"""The ports and passwords of the embedded servers: made once, kept in var/servers.json."""

import json
import random
import secrets
import socket
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from aiops.embedded.errors import EmbeddedError
from aiops.embedded.layout import Layout, write_aside, write_first

LOOPBACK = "127.0.0.1"
# Below the range from which the kernel gives ports to outgoing connections, so that a kept
# port is rarely busy at the next start.
_PORTS = range(20_000, 32_000)


@dataclass(frozen=True)
class Address:
    port: int
    password: str = field(repr=False)


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
    if kept := find(layout):
        return kept
    first, second = _make(), _make()
    write_first(_path(layout), _dump(Addresses(first, second, durable)))
    return settle(layout)


def find(layout: Layout) -> Addresses | None:
    """Return the kept addresses, or None where no embedded server was ever wanted."""
    path = _path(layout)
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return Addresses(
            Address(**kept["postgres"]), Address(**kept["redis"]), bool(kept["durable"])
        )
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise EmbeddedError(
            f"{path} is damaged. Remove it; the servers get new ports and passwords, "
            "and no data is lost."
        ) from error


def move(layout: Layout, name: str) -> None:
    """Give the server `name` another port, because a stranger listens on the kept one.

    A new password as well: the stranger may have been told the old one. Only under the starting
    lock: nobody else may be about to start the server.
    """
    kept, new = settle(layout), _make()
    moved = replace(kept, postgres=new) if name == "postgres" else replace(kept, redis=new)
    write_aside(_path(layout), _dump(moved)).replace(_path(layout))


def _make() -> Address:
    return Address(free_port(), secrets.token_urlsafe(24))


def _dump(addresses: Addresses) -> str:
    return json.dumps(asdict(addresses), indent=2)


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
