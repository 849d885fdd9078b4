"""Gives the tests a real PostgreSQL, once, and a real Redis for each pytest process.

A plugin and no fixture: it must be done before pytest-django reads the settings. In a PostgreSQL
named by DATABASE_URL Django makes databases of its own. A Redis cannot be divided like that, and
the tests empty it: REDIS_URL is not for them.
"""

import atexit
import os
import tempfile
from contextlib import ExitStack
from pathlib import Path

from aiops.embedded import purge
from aiops.embedded.attachment import attach_or_start

_running = ExitStack()


def start() -> None:
    for name in ("REDIS_URL", "REDIS_URL_FILE"):
        os.environ.pop(name, None)
    var = Path(tempfile.mkdtemp(prefix="aiops-tests-"))
    _running.callback(purge.purge, var)
    _running.enter_context(attach_or_start(var, durable=False))


def pytest_unconfigure() -> None:
    _running.close()


start()
# An error before the session has begun leaves nothing behind either.
atexit.register(_running.close)
