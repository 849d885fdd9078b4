"""Loopback ports: chosen free once, kept, and chosen anew where another program took one."""

import contextlib
import random
import socket
from collections.abc import Collection
from dataclasses import dataclass, fields

from apps.simulator.doors import HOST

# Below the range from which systems take ports for outgoing connections, so that none of those
# sits on one of ours when the simulator starts again.
LOWEST, HIGHEST = 20_000, 30_000


@dataclass(frozen=True, slots=True)
class Ports:
    """What one cluster listens on."""

    api: int
    exporters: int
    ingress: int
    prometheus: int
    # 0 in fleets that were prepared before there were any.
    alertmanager: int = 0
    alertmanager_ingress: int = 0

    def all(self) -> list[int]:
        return [getattr(self, field.name) for field in fields(self)]


def is_free(port: int) -> bool:
    with contextlib.closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def choose(taken: Collection[int]) -> int:
    order = random.SystemRandom().sample(range(LOWEST, HIGHEST), HIGHEST - LOWEST)
    for port in order:
        if port not in taken and is_free(port):
            return port
    raise OSError(f"No free port from {LOWEST} to {HIGHEST} on {HOST}.")


def settle(known: Ports | None, taken: set[int]) -> Ports:
    """Keep the known ports that are free, choose the others, and add all of them to `taken`."""
    chosen: dict[str, int] = {}
    for field in fields(Ports):
        port = getattr(known, field.name) if known else 0
        if not port or port in taken or not is_free(port):
            port = choose(taken)
        taken.add(port)
        chosen[field.name] = port
    return Ports(**chosen)
