"""Sends the questions of a whole fleet in one go, before each is waited for by a task of its own.

To make a task for each first takes longer than to send it, and the last would be asked so much
later. Who then asks by `ask_cached` finds the question under way.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from django.conf import settings

from apps import measures
from apps.clusters.connection import Connection
from apps.errors import DomainError
from apps.http import Call, Reply
from apps.http.call import Berth
from apps.observability.federation import cache, cached, holding, wishes
from apps.observability.federation.cached import Found
from apps.observability.federation.outcome import SourceFailed, Target
from apps.observability.federation.upstreams import BegunPart, begin_part

PART = "prometheus"


@dataclass(frozen=True, slots=True)
class Question:
    """What a cluster will be asked by `ask_cached`, and where a large answer to it has to wait."""

    target: Connection
    call: Call
    berth: Berth | None = None


async def send(questions: Sequence[Question]) -> Callable[[], None]:
    """Send what nothing is kept of, is not under way, and needs no wait; leave the rest.

    Call what is returned in the end: it takes back what nobody asked for after all.
    """
    wanted = dict(filter(None, map(_named, questions))) if settings.METRICS_CACHE else {}
    fresh = wishes.current().fresh
    if not wanted or (not fresh and await cache.of_this_loop().has_any(wanted)):
        return _nothing
    sent = [
        (cached.name_of(key, one.call), begun)
        for key, one in wanted.items()
        if (begun := begin_part(one.target, PART, one.call, one.berth)) is not None
    ]
    if not fresh:
        measures.cache_misses.inc(len(sent))
    flights = [cached.start(name, _finish(begun)) for name, begun in sent]
    for flight, (_, begun) in zip(flights, sent, strict=True):
        # It may be cancelled before it has run at all.
        flight.answer.add_done_callback(partial(_drop, begun))

    def take_back() -> None:
        for flight in flights:
            flight.take_back_unless_wanted()

    return take_back


def _named(question: Question) -> tuple[str, Question] | None:
    """Return the key of a question as it may be asked, if it is for us."""
    target = question.target
    if PART not in target.parts or (isinstance(target, Target) and target.away):
        return None
    try:
        call, _ = holding.hold(target, PART, question.call, _as_it_is)
    except (DomainError, SourceFailed):
        # Told to whoever asks.
        return None
    key = cache.key_of(target.parts[PART], cached.path_of(call), cached.form_of(call))
    if cached.is_under_way(cached.name_of(key, call)):
        return None
    return key, Question(target, call, question.berth)


def _as_it_is(reply: Reply) -> Reply:
    return reply


async def _finish(begun: BegunPart) -> Found:
    return Found(await begun.finish(), None)


def _drop(begun: BegunPart, _: object) -> None:
    begun.drop()


def _nothing() -> None:
    """There is nothing to take back."""
