"""The measured side of benchmark 4: a worker's own process, which checks what is due.

Its first word is the part of the fleet that it checks. "pass" makes one round over all that is due
now; "steady SECONDS" makes rounds as beat would start them. It answers with how many checks that
were, and the CPU time of this whole process.
"""

import gc
import json
import os
import sys
import time
from functools import partial

import django
from asgiref.sync import async_to_sync

from aiops.schedule import ENTRIES
from apps import lasting_loop
from tests.benchmarks.children import tell

TICK = float(ENTRIES["Check due clusters"]["schedule"])


def one_round() -> int:
    # Models can be imported only once Django is set up.
    from apps.clusters.actions import checking

    if "--loop-per-round" in sys.argv:
        return async_to_sync(checking.check_due)()
    return lasting_loop.run(partial(checking.check_due, int(sys.argv[1])))


def steady(seconds: float) -> int:
    made, tick, began = 0, 0, time.monotonic()
    while (now := time.monotonic()) < began + seconds:
        if now < began + tick * TICK:
            time.sleep(began + tick * TICK - now)
        made += one_round()
        tick = int((time.monotonic() - began) / TICK) + 1
    return made


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aiops.settings.test")
    django.setup()
    tell("ready")
    for line in sys.stdin:
        what, _, seconds = line.strip().partition(" ")
        gc.collect()
        before, began = time.process_time(), time.perf_counter()
        made = steady(float(seconds)) if what == "steady" else one_round()
        cpu, wall = time.process_time() - before, time.perf_counter() - began
        tell(json.dumps({"made": made, "cpu": cpu, "wall": wall}))


if __name__ == "__main__":
    main()
