"""What happens by itself while a demonstration runs: incidents that come, and go again.

The same seed tells the same story. What people switch on to try something out is left to them:
`gpu-thermal`, `node-notready`, everything about addresses, and `exporter-down` at the hub.
"""

import asyncio
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from apps.simulator import faults

HUB, GPUS, EDGE = "hub-frankfurt", "gpu-oregon", "edge-tokyo"


@dataclass(frozen=True, slots=True)
class Chapter:
    """An incident that begins at `after` seconds into the story, at each of these clusters."""

    after: float
    seconds: float
    fault: str
    clusters: tuple[str, ...]


# Who has just started it sees alerts fire, wait, and end within the first two minutes. The edge
# is the first whose Prometheus is there.
OPENING = (
    Chapter(0, 75, "exporter-down", (EDGE,)),
    Chapter(0, 360, "gpu-xid", (GPUS,)),
    Chapter(20, 240, "crash-loop", (HUB, EDGE)),
    Chapter(45, 180, "ptp-offset", (EDGE,)),
    Chapter(90, 150, "disk-filling", (HUB,)),
)
# What may come later, and where.
REST = {
    "crash-loop": (HUB, GPUS, EDGE),
    "disk-filling": (HUB, GPUS, EDGE),
    "api-latency": (HUB, GPUS, EDGE),
    "exporter-down": (GPUS, EDGE),
    "gpu-xid": (GPUS,),
    "ptp-offset": (EDGE,),
}


def chapters(seed: str) -> Iterator[Chapter]:
    """Tell the story: its opening, and then one incident after the other, without end."""
    yield from OPENING
    chance = random.Random(f"{seed}/story")
    after = OPENING[-1].after + 150
    while True:
        fault = chance.choice(list(REST))
        count = min(len(REST[fault]), chance.choice((1, 1, 2)))
        where = tuple(chance.sample(REST[fault], count))
        yield Chapter(after, float(chance.randrange(120, 300)), fault, where)
        after += chance.randrange(50, 120)


async def tell(path: Path, seed: str) -> None:
    """Let everything happen in its time, until cancelled. An incident ends without us too."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    for chapter in chapters(seed):
        await asyncio.sleep(began + chapter.after - loop.time())
        for cluster in chapter.clusters:
            faults.schedule(path, chapter.fault, cluster, time.time(), chapter.seconds)
