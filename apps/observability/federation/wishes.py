"""What somebody wants of the answers besides what they ask, for as long as one request lasts."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from django.conf import settings

# Whoever asks for "now" within such a step asks the same, and is answered by one question.
NOW_STEP = 15.0


@dataclass(slots=True)
class Wishes:
    """`fresh` is an answer made for nobody else; `ask_offline` asks clusters known to be away.

    `oldest` is noted on the way: the age in seconds of the oldest answer that was kept already.
    """

    fresh: bool = False
    ask_offline: bool = False
    oldest: float | None = None

    def note(self, age: float) -> None:
        self.oldest = max(age, self.oldest or 0.0)

    def this_moment(self) -> float:
        """Return the moment that all clusters are asked for where none was named."""
        now = time.time()
        return now if self.fresh or not settings.METRICS_CACHE else now - now % NOW_STEP


_wishes: ContextVar[Wishes | None] = ContextVar("wishes", default=None)


def current() -> Wishes:
    return _wishes.get() or Wishes()


@contextmanager
def granted(wishes: Wishes) -> Iterator[Wishes]:
    """Have what is asked within the block asked as is wished, on whatever loop that is."""
    token = _wishes.set(wishes)
    try:
        yield wishes
    finally:
        _wishes.reset(token)
