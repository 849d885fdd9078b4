"""Asks a node's nvidia-smi by commands in a pod of the GPU operator: one, and more only where the
document lacks something. Then whose the processes are, by their cgroups.

What comes back is text; `texts.read` makes a reading of it.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from apps.clusters.kube.exec_refusals import Obstacle
from apps.clusters.kube.executing import NotRun, Ran, execute
from apps.clusters.kube.gpu_agents import Agent
from apps.clusters.kube.listing import Reader
from apps.http import Upstream
from apps.observability.gpus.reading import Holder, NodeReading
from apps.observability.sources.nvidia_smi import (
    cgroups,
    document,
    listing,
    pods_of_processes,
    processes,
    refusals,
    table,
    texts,
)
from apps.observability.sources.nvidia_smi.cgroups import Chain
from apps.observability.sources.nvidia_smi.texts import NodeTexts

# Commands that one API server is to carry at once. Each is a connection of its own, and one from
# the API server to a node. Of large clusters, which have large API servers, one node in eight.
AT_ONCE, MOST_AT_ONCE, NODES_PER_COMMAND = 8, 32, 8
SECONDS_OF_A_NODE = 20.0
# What is left must be that part of a node's time, or it is not begun: it is nobody's fault then.
WORTH_BEGINNING = 1 / 3
NO_TIME = "There was no time left to run nvidia-smi."
# Files of processes in one command: its words are all in an address, which has its length.
AT_A_TIME, MOST_PROCESSES = 100, 500
# Columns that an older nvidia-smi may not know, one refusal each: one of 2020 lacks 14.
MOST_REFUSALS = 20
NEW_REASONS, OLD_REASONS = "clocks_event_reasons", "clocks_throttle_reasons"
# Another pod of the node may be able to do what this one cannot.
WORTH_ANOTHER = {
    Obstacle.NO_COMMAND,
    Obstacle.NO_POD,
    Obstacle.NO_CONTAINER,
    Obstacle.NOT_RUNNING,
}


async def ask_each(
    upstream: Upstream,
    nodes: Sequence[Sequence[Agent]],
    *,
    each: float = SECONDS_OF_A_NODE,
    within: float = 120.0,
    at_once: int | None = None,
) -> list[NodeTexts]:
    """Ask each node by its agents, a few at once; return one answer per node, in order.

    A node has `each` seconds from when it is its turn, all together have `within`. Those whose
    turn does not come are not asked, and say so.
    """
    loop = asyncio.get_running_loop()
    many = max(AT_ONCE, min(MOST_AT_ONCE, len(nodes) // NODES_PER_COMMAND))
    gate, until = asyncio.Semaphore(at_once or many), loop.time() + within

    async def ask_one(agents: Sequence[Agent]) -> NodeTexts:
        async with gate:
            left = until - loop.time()
            if left < each * WORTH_BEGINNING:
                return _not_asked(agents[0])
            return await ask(upstream, agents, min(each, left))

    return await asyncio.gather(*map(ask_one, nodes))


def _not_asked(agent: Agent) -> NodeTexts:
    return NodeTexts(
        agent.node,
        str(agent.container),
        agent.sees_processes,
        obstacle=Obstacle.TIMED_OUT,
        errors=(NO_TIME,),
        was_asked=False,
    )


async def ask(
    upstream: Upstream, agents: Sequence[Agent], seconds: float = SECONDS_OF_A_NODE
) -> NodeTexts:
    """Ask one node within so many seconds: its best agent, and the next where that has gone."""
    if not agents:
        raise ValueError("a node without anybody to ask")
    reader = Reader.within(upstream, seconds)
    errors: tuple[str, ...] = ()
    for agent in agents:
        found = await _Asking(reader, agent).ask()
        found = replace(found, errors=tuple(dict.fromkeys((*errors, *found.errors))))
        errors = found.errors
        if found.obstacle not in WORTH_ANOTHER:
            break
    return found


@dataclass(slots=True)
class _Asking:
    """One agent under question, and what it could not tell."""

    reader: Reader
    agent: Agent
    errors: list[str] = field(default_factory=list)
    last_obstacle: Obstacle | None = None

    async def ask(self) -> NodeTexts:
        found = NodeTexts(
            self.agent.node,
            str(self.agent.container),
            self.agent.sees_processes,
            document=await self._smi("-q", "-x", cap=document.CAP),
        )
        found = replace(found, obstacle=self.last_obstacle)
        if found.obstacle is None:
            found = await self._completed(found)
        return replace(found, errors=tuple(self.errors))

    async def _completed(self, found: NodeTexts) -> NodeTexts:
        # Milliseconds for a node of eight cards, for which the others are not to wait.
        first = await asyncio.to_thread(texts.read_cards, found)
        if texts.wants_table(found, first):
            found = replace(found, table=await self._table(), processes=await self._processes())
            first = await asyncio.to_thread(texts.read_cards, found)
        if texts.wants_listing(first):
            found = replace(found, listing=await self._smi("-L", cap=listing.CAP))
        if self.agent.sees_processes:
            found = replace(found, holders=await self._holders(first))
        # The documents of a thousand nodes would be hundreds of megabytes until all have answered.
        return replace(found, cards=first, document=b"")

    async def _table(self) -> bytes:
        """Ask for all columns; of those that it does not know, it names one at a time."""
        columns = list(table.ASKED)
        said = b""
        for _ in range(MOST_REFUSALS):
            query = f"--query-gpu={','.join(columns)}"
            said = await self._smi(query, "--format=csv", cap=table.CAP)
            unknown = refusals.field_refused(said[: table.CAP].decode("utf-8", "replace"))
            if unknown not in columns:
                break
            older = unknown.replace(NEW_REASONS, OLD_REASONS)
            columns = [older if one == unknown else one for one in columns]
            if older == unknown:
                columns.remove(unknown)
        return said

    async def _processes(self) -> bytes:
        query = f"--query-compute-apps={','.join(processes.ASKED)}"
        return await self._smi(query, "--format=csv", cap=processes.CAP)

    async def _smi(self, *words: str, cap: int) -> bytes:
        """Return what it printed; what it complains of is in the output, whatever its status."""
        ran = await self._run("nvidia-smi", *words, cap=cap)
        if ran is None:
            return b""
        return ran.stdout if ran.stdout.strip() else ran.stderr

    async def _run(self, *words: str, cap: int) -> Ran | None:
        found = await execute(self.reader, self.agent.container, words, cap=cap)
        if isinstance(found, NotRun):
            self.last_obstacle = found.obstacle
            self.errors.append(found.reason)
            return None
        return found

    async def _holders(self, reading: NodeReading) -> Mapping[int, Holder]:
        """Return the pods of all processes that can be told."""
        pids = sorted({one.pid for gpu in reading.gpus for one in gpu.processes or ()})
        if len(pids) > MOST_PROCESSES:
            self.errors.append(f"Of {len(pids)} processes only {MOST_PROCESSES} were looked at.")
        chains: dict[int, Chain] = {}
        for at in range(0, min(len(pids), MOST_PROCESSES), AT_A_TIME):
            chains |= await self._chains(pids[at : at + AT_A_TIME])
        found, why = await pods_of_processes.find(self.reader, self.agent.node, chains)
        if why:
            self.errors.append(why)
        return found

    async def _chains(self, pids: Sequence[int]) -> dict[int, Chain]:
        # It ends with 1 where a process has ended meanwhile.
        ran = await self._run(*cgroups.COMMAND, *cgroups.paths(pids), cap=cgroups.CAP)
        return {} if ran is None else cgroups.read(ran.stdout, pids)
