"""Tells of alerts in the order in which they changed, while the next ones are stored already."""

import logging
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from apps.streaming.envelope import Event
from apps.streaming.publish import publish_committed

logger = logging.getLogger(__name__)


class Herald:
    """For one thread that stores. It is waited for where Redis is slower than PostgreSQL, so that
    no more than one batch waits to be told.
    """

    def __init__(self) -> None:
        self._caller = ThreadPoolExecutor(max_workers=1, thread_name_prefix="alert-herald")
        self._telling: Future[None] | None = None

    def tell(self, events: Sequence[Event]) -> None:
        """Send these out soon, in this order, after all before them."""
        if not events:
            return
        self.wait()
        try:
            self._telling = self._caller.submit(publish_committed, events)
        except RuntimeError:
            # The process ends, and no thread may be asked any more.
            publish_committed(events)

    def wait(self) -> None:
        """Return when all that was given here is told, or could not be."""
        telling, self._telling = self._telling, None
        if telling and (error := telling.exception()):
            logger.error("Changes of alerts could not be told", exc_info=error)
