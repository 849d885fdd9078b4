"""The measured side of benchmark 2.

Each answer is taken by all the ways right after each other: "ours" makes it series of the fleet,
ready to be sent; "orjson" only reads it, the collector being off; "copy" is what memory can do.
"""

import gc
import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import django
import orjson

from tests.benchmarks.children import tell


def ways() -> dict[str, Callable[[bytes, str], object]]:
    # Models can be imported only once Django is set up.
    from apps.http import Reply, Upstream
    from apps.observability.queries.asking import read_series

    upstream = Upstream("http://one.test")
    return {
        "ours": lambda body, kind: read_series(upstream, Reply(200, body, 0), kind, "north"),
        "orjson": lambda body, _: orjson.loads(body),
        "copy": lambda body, _: bytearray(body),
    }


def one_pass(bodies: Iterator[bytes], kind: str) -> dict[str, float]:
    found: dict[str, float] = {"bytes": 0}
    for body in bodies:
        found["bytes"] += len(body)
        for name, take in ways().items():
            began = time.perf_counter()
            take(body, kind)
            found[name] = found.get(name, 0) + time.perf_counter() - began
    return found


def memory(bodies: Iterator[bytes], kind: str) -> dict[str, float]:
    """Merge all, one after the other, as they are sent on: by how much did the process grow?"""
    take = ways()["ours"]
    Path("/proc/self/clear_refs").write_text("5")
    before = _kilobytes("VmRSS")
    for body in bodies:
        take(body, kind)
    return {"growth_mb": round((_kilobytes("VmHWM") - before) / 1000, 1)}


def _kilobytes(which: str) -> int:
    found = re.search(rf"{which}:\s+([0-9]+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) if found else 0


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aiops.settings.test")
    # Nothing is asked of a database here; Django only wants to know where one would be.
    os.environ.setdefault("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none")
    django.setup()
    gc.disable()
    tell("ready")
    for line in sys.stdin:
        what, kind, count = line.split()
        names = sorted(Path(sys.argv[1]).glob(f"{kind}-*"))[: int(count)]
        bodies = (name.read_bytes() for name in names)
        tell(json.dumps({"pass": one_pass, "memory": memory}[what](bodies, kind)))


if __name__ == "__main__":
    main()
