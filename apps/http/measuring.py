"""Times and counts what goes out, by the kind of system that is asked."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from apps import measures
from apps.http.call import Unreachable
from apps.http.wire import Answer

# It answered, and says that it could not do what it is there for.
TROUBLED = 500
CROWDED = 429


@contextmanager
def measured(kind: str, answer: Answer) -> Iterator[None]:
    started = time.perf_counter()
    reason = ""
    try:
        yield
        if answer.status >= TROUBLED or answer.status == CROWDED:
            reason = str(answer.status)
    except BaseException as error:
        # Whoever asked has gone, or had no more time.
        reason = error.stage if isinstance(error, Unreachable) else "GIVEN_UP"
        raise
    finally:
        measures.upstream_seconds.labels(kind).observe(time.perf_counter() - started)
        if reason:
            measures.upstream_errors.labels(kind, reason).inc()
