"""A storm as the Alertmanagers of two clusters bring it, and what is to be known of it afterwards.

Every alert is there in both, with the same fingerprint. A third of them flap: each time they fire
they began anew. A third is over in the end, and a third fires on.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from tests.observability.alerts.posting import ZERO, body

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
IN_A_GROUP = 64
FLAPS = 3
# So many alerts each group leaves out, when it leaves out any.
LEFT_OUT = 7
Key = tuple[str, datetime]


@dataclass(frozen=True, slots=True)
class Storm:
    """What one cluster says: posts in their order, and each alert with the state it ends in."""

    posts: Sequence[bytes]
    ends: dict[Key, str]
    # One for each time that an alert fired or was over.
    changes: int


def brew(alerts: int, clock: timedelta, seed: int) -> Storm:
    """`clock` is by how much the cluster's own is wrong; the posts come twice, and out of order."""
    rounds = list(_rounds(alerts, NOON + clock))
    posts, before = list[bytes](), list[bytes]()
    # What is held up on its way comes when all is over, and is no news then.
    for told in [*rounds, rounds[0]]:
        groups = [told[at : at + IN_A_GROUP] for at in range(0, len(told), IN_A_GROUP)]
        made = [
            body(*group, truncatedAlerts=LEFT_OUT if number == 0 else 0)
            for number, group in enumerate(groups)
        ]
        # Alertmanager says once more what it cannot know to have arrived.
        mixed = made + made + before
        posts += Random(seed).sample(mixed, len(mixed))
        before = made
    ends: dict[Key, str] = {}
    changes = 0
    for told in rounds:
        for one in told:
            key = one["fingerprint"], datetime.fromisoformat(one["startsAt"])
            state = "FIRING" if one["status"] == "firing" else "RESOLVED"
            changes += ends.get(key) != state
            ends[key] = state
    return Storm(posts, ends, changes)


def _rounds(alerts: int, now: datetime) -> Iterator[list[dict[str, Any]]]:
    """Yield what is told at once, round by round."""
    for turn in range(FLAPS):
        began = now + timedelta(minutes=turn)
        flapping = range(0, alerts, 3)
        yield [
            _alert(n, began if n % 3 == 0 else now) for n in (flapping if turn else range(alerts))
        ]
        yield [_over(_alert(n, began), began) for n in flapping]
    yield [_over(_alert(n, now), now) for n in range(1, alerts, 3)]


def _alert(number: int, began: datetime) -> dict[str, Any]:
    return {
        "status": "firing",
        "labels": {
            "alertname": f"PodCrashLooping{number % 20}",
            "severity": ("critical", "warning", "info")[number % 3],
            "namespace": f"team-{number % 40}",
            "pod": f"web-{number}",
        },
        "annotations": {"summary": f"web-{number} is in waiting state for 15 minutes"},
        "startsAt": began.isoformat(),
        "endsAt": ZERO,
        "generatorURL": "http://prometheus.example.net/graph",
        "fingerprint": f"{number:016x}",
    }


def _over(told: dict[str, Any], began: datetime) -> dict[str, Any]:
    ended = began + timedelta(seconds=30)
    return told | {"status": "resolved", "endsAt": ended.isoformat()}
