"""Times and counts what goes out, by the kind of system that is asked."""

import time

from apps import measures
from apps.http.call import Unreachable
from apps.http.wire import Answer

# It answered, and says that it could not do what it is there for.
TROUBLED = 500
CROWDED = 429


class Measured:
    """What is done in its block is one call, of which `answer` is filled. It may have begun."""

    __slots__ = ("_answer", "_kind", "_started")

    def __init__(self, kind: str, answer: Answer, began: float = 0.0) -> None:
        self._kind, self._answer = kind, answer
        self._started = began

    def __enter__(self) -> None:
        self._started = self._started or time.perf_counter()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> None:
        measures.upstream_seconds.labels(self._kind).observe(time.perf_counter() - self._started)
        status = self._answer.status
        if error is not None:
            # Whoever asked has gone, or had no more time.
            reason = error.stage if isinstance(error, Unreachable) else "GIVEN_UP"
            measures.upstream_errors.labels(self._kind, reason).inc()
        elif status >= TROUBLED or status == CROWDED:
            measures.upstream_errors.labels(self._kind, str(status)).inc()
