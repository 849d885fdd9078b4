"""What it costs to fetch nodes' texts by commands in pods: a TLS connection for each command."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.benchmarks import children
from tests.benchmarks.spreading import spread

EACH, WITHIN = 20.0, 120.0


def measure(var: Path, nodes: int, repeats: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Return what a node costs in CPU time and how many nodes are fetched and read in a second."""
    from apps import lasting_loop

    folder = var / "gpus-server"
    words = ["tests.benchmarks.gpus_server", str(nodes), str(folder)]
    with children.start(words, children.LOAD_CORE) as server:
        port = server.ask("port")["port"]
        target = _target(f"https://localhost:{port}", (folder / "ca.crt").read_text())
        took, cpu = [], []
        for repeat in range(repeats + 1):
            began, used = time.perf_counter(), time.process_time()
            heard = lasting_loop.run(lambda: _ask(target))
            seconds, busy = time.perf_counter() - began, time.process_time() - used
            if len(heard.nodes) != nodes or any(one.reading.errors for one in heard.nodes):
                raise RuntimeError(f"not all nodes were read: {heard.problem or heard.nodes[0]}")
            if repeat:
                took.append(nodes / seconds)
                cpu.append(busy / nodes * 1000)
    say(f"commands: {spread(cpu)['median']} ms of CPU a node")
    return {
        "nodes": nodes,
        "commands": 2 * nodes,
        "cpu_ms_a_node": spread(cpu),
        "nodes_a_second": spread(took),
    }


async def _ask(target: Any) -> Any:
    from apps.observability.collect import gpu_commands
    from apps.observability.collect.gpu_commands import Wanted

    return await gpu_commands.ask(target, Wanted(EACH, WITHIN))


def _target(url: str, authority: str) -> Any:
    from uuid import uuid4

    from apps.clusters.connection import Connection
    from apps.http import Upstream

    server = Upstream(url, authority, "a-token-of-ours", kind="api_server")
    return Connection(uuid4(), "bench-commands", "SPOKE", server, {})
