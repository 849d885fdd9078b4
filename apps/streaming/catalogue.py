"""The event types and the schema of each one's payload. Apps declare theirs on import."""

from pydantic import BaseModel

_payloads: dict[str, type[BaseModel]] = {}
_of_whole_clusters: set[str] = set()


def declare(event_type: str, payload: type[BaseModel], *, of_whole_cluster: bool = False) -> str:
    """Make a type known to `publish`, to subscribers and to the client's generated types.

    One `of_whole_cluster` adds up what goes on in all its namespaces: nothing for people who are
    held to some of them.
    """
    if _payloads.setdefault(event_type, payload) is not payload:
        raise ValueError(f"{event_type} is declared twice with different payloads.")
    if of_whole_cluster:
        _of_whole_clusters.add(event_type)
    return event_type


def is_of_whole_cluster(event_type: str) -> bool:
    return event_type in _of_whole_clusters


def known_types() -> dict[str, type[BaseModel]]:
    return dict(sorted(_payloads.items()))
