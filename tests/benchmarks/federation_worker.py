"""The measured side of benchmark 1: a web process' own code, from the question to the bytes.

Each line is a question as JSON; the answer tells how long it took in all, how long the slowest
cluster took as the way out saw it, and what CPU time this whole process spent. The way "bare" asks
the upstreams at the named ports, or those named last, by nothing but sockets.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

import django

from tests.benchmarks.children import tell
from tests.benchmarks.federation_bare import Clients


def watched() -> list[float]:
    """Note how long each call takes from its start to its last byte; seats are not in it."""
    from apps.http import Begun, Call, Reply, Upstream
    from apps.observability.federation import upstreams

    took: list[float] = []
    ask = vars(upstreams)["ask"]

    async def timed(upstream: Upstream, call: Call, **options: object) -> Reply:
        began = time.perf_counter()
        try:
            reply: Reply = await ask(upstream, call, **options)
            return reply
        finally:
            took.append(time.perf_counter() - began)

    finish = Begun.finish

    async def timed_finish(begun: Begun, within: float) -> Reply:
        began = begun.began
        try:
            return await finish(begun, within)
        finally:
            took.append(time.perf_counter() - began)

    vars(upstreams)["ask"] = timed
    setattr(Begun, "finish", timed_finish)  # noqa: B010 - mypy has methods assigned by nobody
    return took


def as_one(user: Any, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Ask as Grafana does; read the answer to its end."""
    from apps.observability.arithmetic.values import Grid
    from apps.observability.queries import fleet

    start, end, step = asked["times"]
    query = fleet.FleetQuery(asked["query"], Grid(start, end, step), asked["timeout"])
    answer = fleet.ask(user, query)
    if isinstance(answer, fleet.Worked):
        size = len(answer.result)
    else:
        held = answer.hold()
        size = len(answer.held()) + (0 if held else sum(map(len, answer.rest())))
    return {"bytes": size, "answered": answer.coverage.answered}


def each(user: Any, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Ask as our own pages do; tell how long each of the good clusters took."""
    from apps.observability.arithmetic.values import Grid
    from apps.observability.federation.outcome import Answer
    from apps.observability.queries import metrics

    start, end, step = asked["times"]
    question = metrics.Question(asked["query"], Grid(start, end, step), asked["timeout"])
    answer = metrics.ask(user, question)
    good = [one.elapsed_ms for one in answer.outcomes if isinstance(one, Answer)]
    return {"each_ms": sorted(good), "answered": len(good)}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aiops.settings.test")
    django.setup()
    from apps.accounts.models import User

    took = watched()
    ways: dict[str, Callable[[Any, Mapping[str, Any]], dict[str, Any]]]
    ways = {"as one": as_one, "each": each}
    bare: Clients | None = None
    tell("ready")
    for line in sys.stdin:
        asked = json.loads(line)
        if asked["way"] == "bare":
            if asked["ports"]:
                if bare is not None:
                    bare.close()
                bare = Clients(asked["ports"])
            tell(json.dumps(bare.ask() if bare is not None else {}))
            continue
        took.clear()
        # Who asks is known before the question is read; with that the database is at hand.
        user = User.objects.get()
        cpu, began = time.process_time(), time.perf_counter()
        found = ways[asked["way"]](user, asked)
        found["total"] = time.perf_counter() - began
        found["cpu"] = time.process_time() - cpu
        found["slowest"] = max(took, default=0.0)
        tell(json.dumps(found))


if __name__ == "__main__":
    main()
