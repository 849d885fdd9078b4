"""The measured side of benchmark 3.

Panels are drawn by Zipf's law, and each asks for the last hour, aligned to 15 s. "ours" is a hit:
the key made of the question, the lookup, the answer's age; "get" is redis-py's GET of the same
bytes; "whole" is the question as the API asks it, with its result ready to be sent.
"""

import asyncio
import gc
import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from uuid import uuid4

import django
import redis.asyncio
from django.conf import settings

from tests.benchmarks import answers
from tests.benchmarks.children import tell

ALIGNED, HOUR = 15, 3600
# Nobody listens there: what is answered was in the cache.
SMALLEST_MATRIX = 20_000
NOWHERE = "http://127.0.0.1:9"


class Panels:
    """As many panels as there are, their answers kept for each; and who asks for which."""

    def __init__(self, seed: str, size: int, number: int) -> None:
        # Models can be imported only once Django is set up.
        from apps.clusters.connection import Connection
        from apps.http import Upstream
        from apps.observability.federation.outcome import Target

        self.upstream = Upstream(NOWHERE, token="token")
        connection = (uuid4(), "north", "SPOKE", self.upstream, {"prometheus": self.upstream})
        self.target: Connection = Target(*connection)
        self.chance = random.Random(f"{seed} {size}")
        self.weights = [1 / rank for rank in range(1, number + 1)]
        small = size < SMALLEST_MATRIX
        self.body = answers.vector(seed, 5) if small else answers.matrix(seed, size)
        end = int(time.time()) // ALIGNED * ALIGNED
        times = {"start": f"{end - HOUR}.000", "end": f"{end}.000", "step": "15.000"}
        self.forms = [
            {"query": f"panel_{size}_{at}", "timeout": "30s", **times} for at in range(number)
        ]

    def draw(self, number: int) -> list[dict[str, str]]:
        return self.chance.choices(self.forms, self.weights, k=number)

    def key(self, form: dict[str, str]) -> str:
        from apps.observability.federation import cache

        return cache.key_of(self.upstream, "query_range", form)


async def measure(panels: Panels, number: int) -> dict[str, object]:
    from apps.http import Unreachable
    from apps.observability.federation import cache
    from apps.observability.federation.outcome import SourceFailed
    from apps.observability.queries import asking

    store = cache.of_this_loop()
    bare = redis.asyncio.Redis.from_url(str(settings.CACHES["default"]["LOCATION"]))
    for form in panels.forms:
        # What takes longer than the cache may is not kept, and later left alone for a moment.
        while await store.look_up(panels.key(form)) is None:
            await store.keep(panels.key(form), panels.body, 600)
            await asyncio.sleep(0.01)
    taken: dict[str, list[float]] = {"ours": [], "get": [], "whole": []}
    hits: Counter[str] = Counter()

    async def ours(form: dict[str, str]) -> None:
        hits["ours"] += await store.look_up(panels.key(form)) is not None

    async def get(form: dict[str, str]) -> None:
        hits["get"] += await bare.get(keys[form["query"]]) is not None

    async def whole(form: dict[str, str]) -> None:
        # A lookup that takes longer than it may is a miss, and then nobody answers.
        with suppress(Unreachable, SourceFailed):
            said = await asking.query(panels.target, "query_range", form, 30)
            hits["whole"] += said.cached

    keys = {form["query"]: panels.key(form) for form in panels.forms}
    ways: dict[str, Callable[[dict[str, str]], Awaitable[None]]]
    ways = {"ours": ours, "get": get, "whole": whole}
    for form in panels.draw(number):
        for name, way in ways.items():
            began = time.perf_counter()
            await way(form)
            taken[name].append(1000 * (time.perf_counter() - began))
    await bare.aclose()
    return {"hits": hits, **{name: _parts(values) for name, values in taken.items()}}


def _parts(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {"p50": ordered[len(ordered) // 2], "p99": ordered[len(ordered) * 99 // 100]}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aiops.settings.test")
    django.setup()
    tell("ready")
    # One loop for all turns, as a server has.
    with asyncio.Runner() as runner:
        for line in sys.stdin:
            seed, size, number, questions = line.split()
            panels = Panels(seed, int(size), int(number))
            gc.collect()
            tell(json.dumps(runner.run(measure(panels, int(questions)))))


if __name__ == "__main__":
    main()
