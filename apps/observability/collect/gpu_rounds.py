"""What a round of GPUs brought of one cluster: readings of its nodes, and what is to be said."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.observability.gpus.reading import NodeReading


@dataclass(frozen=True, slots=True)
class NodeRead:
    """A node's reading, and when it was made."""

    name: str
    reading: NodeReading
    at: datetime

    @property
    def is_blank(self) -> bool:
        """Whether nothing was learned but why; what is known of its cards stays."""
        return not self.reading.gpus and bool(self.reading.errors)

    def lost(self, before: Sequence[str]) -> list[str]:
        """Return the addresses that are silent; where nothing was learned, those of before."""
        told = self.reading.lost
        return list(before if self.is_blank and not told else told)


@dataclass(frozen=True, slots=True)
class Heard:
    """`whole`: all nodes were asked, so that those that are not here were not to be had.

    `source` is None where nobody answered at all, and nothing may be concluded of any node.
    `by_series`: it was Prometheus that was asked.
    """

    cluster_id: UUID
    cluster_name: str
    at: datetime
    source: str | None = None
    nodes: tuple[NodeRead, ...] = ()
    interval_seconds: int = 15
    whole: bool = True
    problem: str = ""
    by_series: bool = False
