"""What beat runs. Beat puts these entries into the database at every start, over what is there.

So the admin may switch one off, which stays, but another interval set there lasts until beat's
next start. Each expires about when the next is due: work that waited so long is worth nothing.
"""

from typing import Any

from celery.schedules import crontab

ENTRIES: dict[str, dict[str, Any]] = {
    # The tick only looks for due clusters; how often each is checked is its own interval.
    "Check due clusters": {
        "task": "clusters.check_due",
        "schedule": 2.0,
        "options": {"expire_seconds": 4},
    },
    # The same: each is discovered once a day, and soon after what was asked for or failed.
    "Discover due clusters": {
        "task": "clusters.discover_due",
        "schedule": 30.0,
        "options": {"expire_seconds": 30},
    },
    # The same: each token is asked for when two thirds of its life are over.
    "Refresh due tokens": {
        "task": "clusters.refresh_tokens",
        "schedule": 15.0,
        "options": {"expire_seconds": 15},
    },
    "Tell of credentials that end": {
        "task": "clusters.tell_expiries",
        "schedule": 3600.0,
        "options": {"expire_seconds": 3600},
    },
    # On the full minute, which is what its values are filed under.
    "Collect the fleet's indicators": {
        "task": "observability.collect_indicators",
        "schedule": crontab(),
        "options": {"expire_seconds": 30},
    },
    "Sum up and forget the fleet's indicators": {
        "task": "observability.tidy_indicators",
        "schedule": crontab(minute="2"),
        "options": {"expire_seconds": 3000},
    },
    # The interval is a setting. A webhook that got lost is made up for by the next round.
    "Ask what alerts fire": {
        "task": "observability.reconcile_alerts",
        "schedule": 30.0,
        "options": {"expire_seconds": 30},
    },
    "Forget old alerts": {
        "task": "observability.sweep_alerts",
        "schedule": crontab(minute="17"),
        "options": {"expire_seconds": 3000},
    },
    "Tell of alerts": {
        "task": "observability.notify",
        "schedule": 5.0,
        "options": {"expire_seconds": 5},
    },
    "Forget old notifications": {
        "task": "observability.tidy_notifications",
        "schedule": crontab(minute="27"),
        "options": {"expire_seconds": 3000},
    },
    # The tick looks for due clusters; how often each is asked is what its series show.
    "Collect GPUs by DCGM": {
        "task": "observability.collect_gpu_series",
        "schedule": 15.0,
        "options": {"expire_seconds": 15},
    },
    "Collect GPUs by nvidia-smi": {
        "task": "observability.collect_gpu_commands",
        "schedule": 30.0,
        "options": {"expire_seconds": 30},
    },
    "Look at the GPUs that people look at": {
        "task": "observability.look_at_gpus",
        "schedule": 5.0,
        "options": {"expire_seconds": 5},
    },
    "Add up what GPUs did": {
        "task": "observability.sum_up_gpus",
        "schedule": crontab(minute="1-59/5"),
        "options": {"expire_seconds": 240},
    },
    "Forget what GPUs did": {
        "task": "observability.tidy_gpus",
        "schedule": crontab(minute="37"),
        "options": {"expire_seconds": 3000},
    },
    "Show that a worker consumes": {
        "task": "aiops.heartbeat",
        "schedule": 10.0,
        "options": {"expire_seconds": 20},
    },
    # Only Kubernetes Secrets need it: what a rolled-back change, or an API that was away, left.
    "Sweep the store of credentials": {
        "task": "clusters.sweep_credentials",
        "schedule": 3600.0,
        "options": {"expire_seconds": 3600},
    },
    "Forget old health checks": {
        "task": "clusters.trim_history",
        "schedule": 3600.0,
        "options": {"expire_seconds": 3600},
    },
}
