"""What one cluster brought: an answer, or a failure that is a value like any other."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from apps.clusters.connection import Connection

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    connection: Connection
    value: T
    elapsed_ms: int


@dataclass(frozen=True, slots=True)
class Failure:
    """`code` is of the contract (QUERY_TIMEOUT and so on); `reason` is for people."""

    connection: Connection
    code: str
    reason: str
    elapsed_ms: int


Outcome = Answer[T] | Failure


class SourceFailed(Exception):
    """A source could not answer; fan-out turns it into a Failure."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
