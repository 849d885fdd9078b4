"""Somebody else at the database, at the same time."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from typing import TypeVar

from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

Result = TypeVar("Result")


def separate() -> BaseDatabaseWrapper:
    """Return a connection of no pool: when it is closed, it ends, and with it what it locked."""
    other = connection.copy()
    del other.settings_dict["OPTIONS"]["pool"]
    return other


@contextmanager
def another_connection() -> Iterator[CursorWrapper]:
    """A second connection, in a transaction of its own that is taken back where the block ends."""
    other = separate()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            yield cursor
    finally:
        other.close()


def at_once(*works: Callable[[], Result]) -> list[Result]:
    """Do them all, each in a thread that begins with the others; return what each returns."""
    together = Barrier(len(works))

    def begin(work: Callable[[], Result]) -> Result:
        try:
            together.wait(60)
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(begin, works))
