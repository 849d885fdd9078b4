"""An answer that grows: the clusters' series as bytes, one after the other, and at last who failed.

What is small is held until all have answered, so that it can still fail as a whole and comes in
the order of the clusters' names. What is large is sent on as it comes, whoever comes first.
"""

from collections.abc import AsyncIterator, Iterator, Sequence

import msgspec

from apps.http import MIB
from apps.observability.federation.fan_out import Flow
from apps.observability.federation.merge import Part
from apps.observability.federation.outcome import Outcome
from apps.observability.queries.asking import Coverage
from apps.observability.sources.prometheus import Said

HELD = 8 * MIB
TRUNCATED = "results truncated due to limit"
_rows = msgspec.json.Decoder(list[msgspec.Raw])


class Splicing:
    def __init__(
        self, result_type: str, flow: Flow[Said[Part]], coverage: Coverage, limit: int = 0
    ) -> None:
        self.result_type = result_type
        self.coverage = coverage
        self._flow = flow
        self._limit = limit
        self._number = 0
        self._held: dict[str, Sequence[bytes]] = {}

    def hold(self) -> bool:
        """Wait for the answers; return whether they are all there, within what may be held.

        Raises if not a single cluster answered.
        """
        size = 0
        try:
            while outcomes := self._flow.take():
                for outcome in outcomes:
                    chunks = self._add(outcome)
                    size += sum(map(len, chunks))
                    self._held[outcome.connection.name] = chunks
                if size > HELD:
                    return False
            self.coverage.require_one()
        except BaseException:
            self.close()
            raise
        return True

    def held(self) -> bytes:
        """Return what was held, and let go of it."""
        held, self._held = self._held, {}
        return b",".join(chunk for name in sorted(held) for chunk in held[name])

    def rest(self) -> Iterator[bytes]:
        """Yield the series of the others, with a comma before each."""
        try:
            while outcomes := self._flow.take():
                yield from self._chunks(outcomes)
        finally:
            self.close()

    async def rest_here(self) -> AsyncIterator[bytes]:
        """Yield the rest, for a loop that must not wait in a thread."""
        try:
            while outcomes := await self._flow.take_here():
                for chunk in self._chunks(outcomes):
                    yield chunk
        finally:
            self.close()

    def close(self) -> None:
        self._flow.close()

    def _chunks(self, outcomes: list[Outcome[Said[Part]]]) -> Iterator[bytes]:
        # Taken out of the list: what was sent need not be kept until the next is there.
        outcomes.reverse()
        while outcomes:
            for chunk in self._add(outcomes.pop()):
                yield b"," + chunk

    def _add(self, outcome: Outcome[Said[Part]]) -> Sequence[bytes]:
        said = self.coverage.note(outcome)
        if said is None:
            return ()
        part = said.data
        if self._limit and self._number + part.number > self._limit:
            part = self._cut(part)
        self._number += part.number
        return part.chunks

    def _cut(self, part: Part) -> Part:
        if TRUNCATED not in self.coverage.warnings:
            self.coverage.warnings.append(TRUNCATED)
        left = self._limit - self._number
        rows = _rows.decode(b"[" + b",".join(part.chunks) + b"]")[:left]
        return Part([b",".join(rows)] if rows else [], left)
