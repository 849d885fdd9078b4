"""What one cluster brought: an answer, or a failure that is a value like any other."""

from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Generic, Literal, TypeVar

from apps.clusters.connection import Connection

T = TypeVar("T")
Status = Literal["SUCCESS", "ERROR", "TIMEOUT", "PARTIAL", "SKIPPED"]


@dataclass(frozen=True, slots=True)
class Target(Connection):
    """A cluster that is meant by a person.

    `away` says why it is not asked at all. `namespaces` are those that the person is held to
    there; None is the whole cluster.
    """

    away: str = ""
    namespaces: frozenset[str] | None = None

    @classmethod
    def of(
        cls, connection: Connection, *, away: str, namespaces: frozenset[str] | None
    ) -> "Target":
        told = zip(_NAMES, _told(connection), strict=True)
        return cls(**dict(told), away=away, namespaces=namespaces)


_NAMES = tuple(one.name for one in fields(Connection))
_told = attrgetter(*_NAMES)

# The code of a cluster that was not asked at all.
SKIPPED = "SKIPPED"
# The code of a cluster of which the person may not know what was asked.
PERMISSION_DENIED = "PERMISSION_DENIED"


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    connection: Connection
    value: T
    elapsed_ms: int

    @property
    def status(self) -> Status:
        """PARTIAL where the value itself says that something is missing from it."""
        return "PARTIAL" if getattr(self.value, "partial", False) else "SUCCESS"


@dataclass(frozen=True, slots=True)
class Failure:
    """`code` is of the contract (QUERY_TIMEOUT and so on); `reason` is for people."""

    connection: Connection
    code: str
    reason: str
    elapsed_ms: int

    @property
    def status(self) -> Status:
        match self.code:
            case "QUERY_TIMEOUT":
                return "TIMEOUT"
            case "SKIPPED":
                return "SKIPPED"
        return "ERROR"


Outcome = Answer[T] | Failure


class SourceFailed(Exception):
    """A source could not answer; fan-out turns it into a Failure."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
