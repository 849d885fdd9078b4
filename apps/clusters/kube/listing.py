"""Reads a Kubernetes API: single answers and whole lists, within one deadline and under caps.

What cannot be read is a value with its reason, never an exception: one list that is forbidden
must not hide the others.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import msgspec

from apps.http import MIB, Call, Unreachable, Upstream, ask

PAGE_SIZE = 500
PAGE_CAP = 32 * MIB
MOST_PAGES = 40
# etcd compacts what a continue token points at; a second time in one reading we give up.
RESTARTS = 1

T = TypeVar("T")
S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Unread:
    """Nothing can be concluded, and why. `lasting`: asking again soon brings nothing new."""

    reason: str
    status: int | None = None
    lasting: bool = False


@dataclass(frozen=True, slots=True)
class Listed(Generic[T]):
    """All objects of a kind. `served` is false where the API does not know the kind at all."""

    items: tuple[T, ...] = ()
    served: bool = True


@dataclass(frozen=True, slots=True)
class Kind(Generic[S, T]):
    """What to list, what is decoded of each object, and what is kept of that."""

    noun: str
    path: str
    shape: type[S]
    keep: Callable[[S], T]
    params: dict[str, str] = field(default_factory=dict)

    @property
    def group(self) -> str:
        """The API group, or nothing for the oldest kinds."""
        _, root, group, *_ = self.path.split("/")
        return group if root == "apis" else ""

    @property
    def resource(self) -> str:
        """What roles call it."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Reader:
    """One cluster's API, asked until a moment of the running loop's clock."""

    upstream: Upstream
    until: float

    @classmethod
    def within(cls, upstream: Upstream, seconds: float) -> "Reader":
        return cls(upstream, asyncio.get_running_loop().time() + seconds)


class _About(msgspec.Struct):
    follow: str = msgspec.field(name="continue", default="")


class _Page(msgspec.Struct):
    items: list[msgspec.Raw] | None
    metadata: _About = msgspec.field(default_factory=_About)


class _Gone(Exception):
    """The list moved on while we read it."""


class _Missing(Exception):
    """The API does not know the address."""


class _Refused(Exception):
    def __init__(self, unread: Unread) -> None:
        super().__init__(unread.reason)
        self.unread = unread


async def read_list(reader: Reader, kind: Kind[S, T]) -> Listed[T] | Unread:
    """Return every object of `kind`; a list that changed under us is begun anew once."""
    for _ in range(RESTARTS + 1):
        try:
            return Listed(await _all_pages(reader, kind))
        except _Gone:
            continue
        except _Missing:
            return Listed(served=False)
        except _Refused as refused:
            return refused.unread
    return Unread(f"The list of {kind.noun} kept changing while it was read (410).")


async def read_one(reader: Reader, noun: str, path: str, shape: type[S]) -> S | Unread | None:
    """Return one answer, decoded, or None where the API has nothing at this path."""
    try:
        return _decode(await _get(reader, noun, path, {}), noun, shape)
    except (_Missing, _Gone):
        return None
    except _Refused as refused:
        return refused.unread


async def _all_pages(reader: Reader, kind: Kind[S, T]) -> tuple[T, ...]:
    found: list[T] = []
    follow = ""
    for _ in range(MOST_PAGES):
        params = {**kind.params, "limit": str(PAGE_SIZE)}
        if follow:
            params["continue"] = follow
        page = _decode(await _get(reader, kind.noun, kind.path, params), kind.noun, _Page)
        found += [kind.keep(_decode(raw, kind.noun, kind.shape)) for raw in page.items or ()]
        follow = page.metadata.follow
        if not follow:
            return tuple(found)
    most = MOST_PAGES * PAGE_SIZE
    raise _Refused(Unread(f"There are more than {most:,} {kind.noun}.", lasting=True))


async def _get(reader: Reader, noun: str, path: str, params: dict[str, str]) -> bytes:
    left = round(reader.until - asyncio.get_running_loop().time(), 1)
    if left <= 0:
        raise _Refused(Unread(f"There was no time left to read the {noun}."))
    try:
        reply = await ask(reader.upstream, Call(path, params, deadline=left, cap=PAGE_CAP))
    except Unreachable as failure:
        raise _Refused(Unread(f"The {noun} could not be read: {failure.reason}.")) from None
    if reply.status == 200:
        return reply.body
    raise _refusal(noun, reply.status)


def _refusal(noun: str, status: int) -> Exception:
    match status:
        case 403:
            why = f"Our token may not read the {noun} (403). Grant it the right to list them."
            return _Refused(Unread(why, status, lasting=True))
        case 401:
            why = f"The API server refuses our token (401), so the {noun} could not be read."
            return _Refused(Unread(why, status, lasting=True))
        case 404:
            return _Missing()
        case 410:
            return _Gone()
    return _Refused(Unread(f"The API server answers {status} when asked for the {noun}.", status))


def _decode(body: bytes | msgspec.Raw, noun: str, shape: type[S]) -> S:
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # Not quoted: a decoder's message may hold a piece of the answer.
        why = f"What the API server answers when asked for the {noun} cannot be understood."
        raise _Refused(Unread(why)) from None
