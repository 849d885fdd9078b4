"""Whether PostgreSQL and Redis answer at their URLs, asked at the wire."""

import os
import time
from collections.abc import Callable
from pathlib import Path

from aiops.embedded import postgres, redis_server
from aiops.embedded.errors import EmbeddedError

DEADLINE = 60.0
TITLES = {"postgres": "PostgreSQL", "redis": "Redis"}
VARIABLES = {"postgres": "DATABASE_URL", "redis": "REDIS_URL"}


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


def answers(name: str, url: str) -> bool:
    return postgres.answers(url) if name == "postgres" else redis_server.answers(url)


def wait_for(
    name: str, url: str, *, until: float, on_silence: Callable[[str], None] | None = None
) -> None:
    """Return when the server answers. `on_silence` may look why not, and raise."""
    while not answers(name, url):
        if on_silence is not None:
            on_silence(name)
        if time.monotonic() >= until:
            raise EmbeddedError(
                f"{TITLES[name]} did not answer in time at the place that {VARIABLES[name]} "
                "names. Is it running, and is the password right?"
            )
        time.sleep(0.1)
