"""Where an answer's body ends, by length, chunks or the connection, and how much is taken of it."""

import re
from enum import Enum
from typing import Protocol

from apps.http.call import MIB, Stage, Unreachable


class Body(Protocol):
    """`content` is what came and was not taken out; `excess`: bytes that belong to no answer."""

    content: "Pieces"

    @property
    def excess(self) -> bool: ...

    def feed(self, data: bytes) -> bool:
        """Take in what came; return whether the body is whole."""

    def close(self) -> bool:
        """The connection ended; return whether that is how the body ends."""


def broken(what: str) -> Unreachable:
    return Unreachable(Stage.PROTOCOL, what)


def hung_up() -> Unreachable:
    return Unreachable(Stage.PROTOCOL, "the connection broke before an answer came", was_reset=True)


def too_large(cap: int) -> Unreachable:
    size = f"{cap // MIB} MiB" if cap >= MIB else f"{cap} bytes"
    return Unreachable(Stage.SIZE, f"the answer is larger than {size}")


class Pieces:
    """What came of a body and was not taken out.

    One buffer would be copied each time it outgrows its place, and need its memory twice.
    """

    FULL = MIB

    def __init__(self) -> None:
        self._pieces: list[bytearray] = []
        self.size = 0

    def add(self, data: bytes) -> None:
        self.size += len(data)
        if not self._pieces or len(self._pieces[-1]) >= self.FULL:
            self._pieces.append(bytearray())
        self._pieces[-1] += data

    def whole(self) -> bytes:
        return b"".join(self._pieces)

    def clear(self) -> None:
        self._pieces.clear()
        self.size = 0


class Sized:
    """A body whose length was announced."""

    def __init__(self, length: int, cap: int) -> None:
        if length > cap:
            raise too_large(cap)
        self.content = Pieces()
        self._left = length
        self._excess = False

    @property
    def excess(self) -> bool:
        return self._excess

    def feed(self, data: bytes) -> bool:
        self._excess = len(data) > self._left
        piece = data[: self._left]
        self.content.add(piece)
        self._left -= len(piece)
        return not self._left

    def close(self) -> bool:
        return False


class UntilClose:
    """A body that ends with its connection."""

    def __init__(self, cap: int) -> None:
        self.content = Pieces()
        self._cap = self._room = cap

    @property
    def excess(self) -> bool:
        return False

    def feed(self, data: bytes) -> bool:
        self._room -= len(data)
        if self._room < 0:
            # Whoever keeps the failure keeps this too.
            self.content.clear()
            raise too_large(self._cap)
        self.content.add(data)
        return False

    def close(self) -> bool:
        return True


class _Part(Enum):
    SIZE = "the line that says how long the next chunk is"
    DATA = "the chunk"
    END = "the line break after it"
    TRAILER = "fields after the last chunk"
    OVER = "nothing"


class Chunked:
    """A body in chunks. So small ones that they cost more than they bring are refused."""

    LINE_CAP, TRAILER_CAP = 1024, 8 * 1024
    _SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\x00\r\n]*)?\Z")

    def __init__(self, cap: int) -> None:
        self.content = Pieces()
        self._cap = self._room = cap
        self._part = _Part.SIZE
        self._left = 0
        self._rest = b""
        self._chunks_left = 4096 + cap // 256
        self._trailer_left = self.TRAILER_CAP

    @property
    def excess(self) -> bool:
        return bool(self._rest)

    def feed(self, data: bytes) -> bool:
        data = self._rest + data
        at = 0
        while self._part != _Part.OVER:
            after = self._take(data, at)
            if after == at:
                break
            at = after
        self._rest = data[at:]
        return self._part == _Part.OVER

    def close(self) -> bool:
        return False

    def _take(self, data: bytes, at: int) -> int:
        """Read one part as far as it is there; return where the next one begins."""
        if self._part == _Part.DATA:
            piece = data[at : at + self._left]
            self.content.add(piece)
            self._left -= len(piece)
            if not self._left:
                self._part = _Part.END
            return at + len(piece)
        end = data.find(b"\r\n", at, at + self.LINE_CAP + 2)
        if end < 0:
            if len(data) - at > self.LINE_CAP:
                raise broken("the connection broke: its answer has no end of a line")
            return at
        self._read_line(data[at:end])
        return end + 2

    def _read_line(self, line: bytes) -> None:
        if self._part == _Part.SIZE:
            self._begin_chunk(line)
        elif self._part == _Part.END:
            if line:
                raise broken("the connection broke: its answer has a chunk of another size")
            self._part = _Part.SIZE
        elif not line:
            self._part = _Part.OVER
        else:
            self._trailer_left -= len(line)
            if self._trailer_left < 0:
                raise too_large(self.TRAILER_CAP)

    def _begin_chunk(self, line: bytes) -> None:
        size = self._SIZE.match(line)
        self._chunks_left -= 1
        if not size or self._chunks_left < 0:
            raise broken("the connection broke: its answer is in no valid chunks")
        self._left = int(size[1], 16)
        self._room -= self._left
        if self._room < 0:
            # Whoever keeps the failure keeps this too.
            self.content.clear()
            raise too_large(self._cap)
        self._part = _Part.DATA if self._left else _Part.TRAILER
