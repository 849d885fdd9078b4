"""What one socket wants and may see, and the queue that its events go to."""

from dataclasses import dataclass, field
from uuid import UUID

from apps.streaming import catalogue
from apps.streaming.audience import Audience
from apps.streaming.envelope import Logged
from apps.streaming.outbox import Outbox


@dataclass(frozen=True, slots=True)
class Wish:
    """The events a client asked for. Empty filters mean all; None means nothing at all."""

    event_types: frozenset[str] | None = None
    cluster_ids: frozenset[str] = frozenset()
    # Of what is of a namespace; all else is not touched by them.
    namespaces: frozenset[str] = frozenset()

    def includes(self, event: Logged) -> bool:
        if self.event_types is None:
            return False
        if self.namespaces and event.namespace not in {None, *self.namespaces}:
            return False
        return (not self.event_types or event.event_type in self.event_types) and (
            not self.cluster_ids or not event.cluster_id or event.cluster_id in self.cluster_ids
        )


@dataclass(eq=False, slots=True)
class Subscriber:
    """One socket as the hub knows it."""

    client_id: str
    user_id: UUID
    audience: Audience
    wish: Wish = field(default_factory=Wish)
    outbox: Outbox = field(default_factory=Outbox)
    # While a client catches up on the past, the present waits here, so that ids only grow.
    held: list[Logged] | None = None

    def see(self, audience: Audience, position: str) -> None:
        """Let the client see other clusters from `position` on; it must then ask anew."""
        if audience != self.audience:
            self.audience = audience
            self.miss(position, position)

    def miss(self, first: str, last: str) -> None:
        """Events from `first` to `last` may be lost to this client, if it asked for any."""
        if self.wish.event_types is not None:
            self.outbox.note_gap(first, last)

    def offer(self, event: Logged) -> None:
        of_whole = catalogue.is_of_whole_cluster(event.event_type)
        may_see = self.audience.may_see(event.cluster_id, of_whole, event.namespace)
        if not (may_see and self.wish.includes(event)):
            return
        if self.held is None:
            self.outbox.put_event(event)
        else:
            self.held.append(event)

    def release(self, past: list[Logged]) -> None:
        """Let go what was held, behind the past that was asked for."""
        present, self.held = self.held or [], None
        for event in past + present:
            self.offer(event)
