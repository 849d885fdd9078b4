"""What beat runs. The entries are installed into the database, where the admin may change them.

Each expires about when the next one is due: work that waited so long is worth nothing any more.
"""

from typing import Any

ENTRIES: dict[str, dict[str, Any]] = {
    # The tick only looks for due clusters; how often each is checked is its own interval.
    "Check due clusters": {
        "task": "clusters.check_due",
        "schedule": 2.0,
        "options": {"expires": 4.0},
    },
    "Show that a worker consumes": {
        "task": "aiops.heartbeat",
        "schedule": 10.0,
        "options": {"expires": 20.0, "queue": "poll"},
    },
    "Forget old health checks": {
        "task": "clusters.trim_history",
        "schedule": 3600.0,
        "options": {"expires": 3600.0},
    },
}
