"""Whether PostgreSQL and Redis answer at their URLs, asked at the wire."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from aiops.embedded import addresses, locks, postgres, redis_server, tenancy
from aiops.embedded.errors import EmbeddedError
from aiops.embedded.layout import Layout, last_lines

DEADLINE = 60.0
TITLES = {"postgres": "PostgreSQL", "redis": "Redis"}
VARIABLES = {"postgres": "DATABASE_URL", "redis": "REDIS_URL"}


@dataclass(frozen=True)
class Server:
    """A place where PostgreSQL or Redis is to answer; `lock` and `log` if it is our own."""

    name: str
    url: str = field(repr=False)
    lock: Path | None = None
    log: Path | None = None

    @property
    def title(self) -> str:
        return TITLES[self.name]

    def is_gone(self) -> bool:
        """Tell whether it is our own and has no process: each of those holds the lock."""
        # Shared, so that two who look at once do not take each other for the server.
        return self.lock is not None and locks.is_free(self.lock, shared=True)

    def ask(self) -> str:
        """Return "" when the server accepts us, else why not.

        One that is gone is not asked: a stranger at its port would be told the password.
        """
        if self.is_gone():
            return "its process does not run."
        ask = postgres.ask if self.name == "postgres" else redis_server.ask
        reason = ask(self.url).strip().partition("\n")[0]
        password = unquote(urlsplit(self.url).password or "")
        return reason.replace(password, "***") if password else reason


def embedded(layout: Layout, name: str) -> Server:
    """Return our own server, where it is or will be."""
    url = addresses.settle(layout).url_of(name)
    return Server(name, url, lock_of(layout, name), layout.log(name))


def named(var: Path, name: str) -> Server:
    """Return the server that the environment names, which may be our own."""
    url = url_of(name)
    # Only looked at: with both URLs given, as in a container, nothing is written anywhere.
    kept = addresses.find(Layout(var))
    return embedded(Layout(var), name) if kept and kept.url_of(name) == url else Server(name, url)


def lock_of(layout: Layout, name: str) -> Path:
    folder = tenancy.folder_of(layout) if name == "postgres" else layout.redis
    return folder / "lock"


def missing() -> list[str]:
    """Name the servers that the environment does not give."""
    return [
        name
        for name, variable in VARIABLES.items()
        if not os.environ.get(variable) and not os.environ.get(f"{variable}_FILE")
    ]


def url_of(name: str) -> str:
    """Return the URL as Django will read it: the file wins, as for every secret."""
    variable = VARIABLES[name]
    if path := os.environ.get(f"{variable}_FILE"):
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise EmbeddedError(
                f"{variable}_FILE cannot be read: {error.strerror}: {path}"
            ) from error
    return os.environ[variable]


def wait_for(server: Server, *, until: float, on_silence: Callable[[], None] | None = None) -> None:
    """Return when the server answers. `on_silence` may look why not, and raise."""
    while reason := server.ask():
        if on_silence is not None:
            on_silence()
        if time.monotonic() >= until:
            said = f"\nThe end of {server.log}:\n{last_lines(server.log)}" if server.log else ""
            raise EmbeddedError(
                f"{server.title} did not answer in time at the place that "
                f"{VARIABLES[server.name]} names: {reason}{said}"
            )
        time.sleep(0.1)
