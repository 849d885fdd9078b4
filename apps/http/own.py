"""Where this installation keeps its own data: no cluster is there, and nobody asks there."""

import socket
from collections.abc import Collection
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from apps.http.place import IpAddress

POSTGRES, REDIS = 5432, 6379
# A socket in a folder has no address, but the server behind it may listen at a port besides.
HERE = "localhost"


def hosts_at(port: int) -> frozenset[str]:
    """Return the names or addresses of our own database and Redis that are reached at `port`."""
    database: dict[str, Any] = settings.DATABASES["default"]
    options = database.get("OPTIONS", {})
    hosts = database.get("HOST") or options.get("hostaddr") or options.get("host") or ""
    ports = database.get("PORT") or options.get("port") or ""
    urls = (settings.EVENTS_REDIS_URL, *(one["LOCATION"] for one in settings.CACHES.values()))
    return _by_port(str(hosts), str(ports), tuple(map(str, urls))).get(port, frozenset())


@lru_cache(maxsize=16)
def _by_port(hosts: str, ports: str, urls: tuple[str, ...]) -> dict[int, frozenset[str]]:
    # libpq takes several of both, with commas between: one port for all, or one for each.
    numbers = [int(one) if one.isdigit() else POSTGRES for one in ports.split(",")]
    names = hosts.split(",")
    each = numbers if len(numbers) == len(names) else numbers[:1] * len(names)
    found = list(zip(each, names, strict=True))
    for url in urls:
        parts = urlsplit(url)
        found.append((parts.port or REDIS, parts.hostname or HERE))
    return {port: frozenset(_named(name) for at, name in found if at == port) for port, _ in found}


def _named(host: str) -> str:
    return HERE if not host or host.startswith("/") else host.lower().rstrip(".")


def is_one_of(address: IpAddress, ours: Collection[IpAddress]) -> bool:
    """Whether `address` leads to one of `ours`; what listens here may listen at any of our own."""
    if address in ours:
        return True
    return any(map(_is_of_this_machine, ours)) and _is_of_this_machine(address)


def _is_of_this_machine(address: IpAddress) -> bool:
    if address.is_loopback or address.is_unspecified:
        return True
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        # Only an own address can be bound to; nothing is sent.
        with socket.socket(family, socket.SOCK_DGRAM) as nobody:
            nobody.bind((str(address), 0))
    except OSError:
        return False
    return True
