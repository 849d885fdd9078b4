"""What the page of an alert tells besides its row: its story, its times, what keeps it back."""

from typing import Any
from urllib.parse import urlencode

from django.utils import timezone

from apps.accounts.models import User
from apps.observability.admin import tables
from apps.observability.models import Alert, AlertChange
from apps.observability.models.alert import State
from apps.observability.queries.alerts import finding

MOST_ENTRIES, MOST_KEEPING = 200, 20


def tell(user: User, alert: Alert) -> dict[str, Any]:
    times = finding.times_of(user, alert, timezone.now())
    entries = alert.story.select_related("author").order_by("-at", "-id")[:MOST_ENTRIES]
    return {
        "flapping": times.is_flapping,
        "times_in_24_h": times.in_24_h,
        "also_in": times.also_in,
        "changes": tables.rows(
            ("Fired", "Over", "How that is known"),
            (
                (tables.moment(one.starts_at), tables.moment(one.ends_at, "not yet"), _end(one))
                for one in times.newest
            ),
        ),
        "story": tables.rows(
            ("When", "Who", "What", "Note"),
            (
                (tables.moment(one.at), one.author or "-", one.get_deed_display(), one.text)
                for one in entries
            ),
            "Nothing yet.",
        ),
        "held_back": alert.state == State.FIRING
        and AlertChange.objects.filter(alert=alert, held=True).exists(),
        # Alertmanager's own: who made it, and until when, only it knows.
        "silences": alert.silenced_by[:MOST_KEEPING],
        "silences_page": "/alerts?" + urlencode({"tab": "silences", "cluster": alert.cluster.name}),
        "inhibiting": _inhibiting(user, alert),
    }


def _inhibiting(user: User, alert: Alert) -> list[tuple[str, Alert | None]]:
    """Return the alerts that keep it back, by fingerprint; None is what `user` cannot see."""
    prints = alert.inhibited_by[:MOST_KEEPING]
    if not prints:
        return []
    among = Alert.objects.visible_to(user).active()
    rows = among.filter(cluster_id=alert.cluster_id, fingerprint__in=prints)
    found = {one.fingerprint: one for one in rows.defer("words")}
    return [(one, found.get(one)) for one in prints]


def _end(alert: Alert) -> str:
    return alert.get_ending_display() if alert.ending else alert.get_state_display()
