"""Gives the tests a real PostgreSQL, once, and a real Redis for each pytest process.

A plugin and no fixture: it must be done before pytest-django reads the settings. Servers named
by DATABASE_URL and REDIS_URL are used as they are.
"""

import atexit
import os
import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path

from aiops.embedded import answering, tenancy
from aiops.embedded.attachment import attach_or_start
from aiops.embedded.layout import Layout

# Set by the process that started a Redis of its own. Under xdist the workers share its
# PostgreSQL, each with a database of its own, but a Redis cannot be divided like that.
_OWN_REDIS = "AIOPS_TESTS_OWN_REDIS"

_running = ExitStack()


def start() -> None:
    if os.environ.pop(_OWN_REDIS, None):
        del os.environ["REDIS_URL"]
    wanted = answering.missing()
    if not wanted:
        return
    var = Path(tempfile.mkdtemp(prefix="aiops-tests-"))
    _running.callback(_remove, Layout(var))
    _running.enter_context(attach_or_start(var, durable=False))
    if "redis" in wanted:
        os.environ[_OWN_REDIS] = "1"


def _remove(layout: Layout) -> None:
    # As root the database lies outside var/; without one there is no id to find it by.
    if (layout.var / "instance-id").exists():
        tenancy.discard(layout)
    shutil.rmtree(layout.var)


def pytest_unconfigure() -> None:
    _running.close()


start()
# An error before the session has begun leaves nothing behind either.
atexit.register(_running.close)
