"""From the number of a process to its pod: /proc/PID/cgroup in all its spellings. Pure.

The files of several processes come as `head -v` prints them, each under its name: joined without
names, one process that has ended meanwhile would give its neighbour's pod to another.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

CAP = 2**20
# A file of the first version has a line for each of some thirteen controllers.
MOST_LINES = 64
COMMAND = ("head", "-v", "-n", str(MOST_LINES), "--")

# A static pod's is the hash of its file, without dashes. systemd makes them underscores.
_UID = r"(?P<uid>[0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12}|[0-9a-f]{32})"
_ID = r"(?P<id>[0-9a-f]{64})"
_RUNTIME = r"(?:cri-containerd|crio|docker|libpod)"
# The level of a pod: by systemd's driver or by the kubelet's own; of a kubelet in a container
# too, whose slices are all called kubelet-... And containerd's where the two disagree on who
# makes them, which has the container at the same level.
_POD = re.compile(
    rf"(?:(?:[a-z0-9]+-)?kubepods(?:-burstable|-besteffort)?-)?pod{_UID}(?:\.slice)?"
    rf"(?::{_RUNTIME}:{_ID})?"
)
_CONTAINER = re.compile(rf"(?:{_RUNTIME}-)?{_ID}(?:\.scope)?")
_HEADER = re.compile(r"==> /proc/(?P<pid>[1-9][0-9]{0,9})/cgroup <==")
_LINE = re.compile(r"[0-9]{1,4}:[^:]*:(?P<path>/.*)")


@dataclass(frozen=True, slots=True)
class Contained:
    """The pod that a process is in, and the container where that is told."""

    pod_uid: str
    container_id: str = ""


# Outermost first: a cluster may run in the pods of another.
Chain = tuple[Contained, ...]


def paths(pids: Iterable[int]) -> list[str]:
    return [f"/proc/{pid}/cgroup" for pid in pids]


def read(output: bytes | str, asked: Iterable[int]) -> dict[int, Chain]:
    """Return the pods of those processes that were asked for and are in one.

    One that is there twice, or with a line that is none, is left out.
    """
    if len(output) > CAP:
        return {}
    text = output.decode("utf-8", "replace") if isinstance(output, bytes) else output
    sections: dict[int, list[list[str]]] = {}
    here: list[str] = []
    for line in text.split("\n"):
        if header := _HEADER.fullmatch(line):
            here = []
            sections.setdefault(int(header["pid"]), []).append(here)
        elif line:
            here.append(line)
    wanted = set(asked)
    chains = {
        pid: _chain(found[0])
        for pid, found in sections.items()
        if pid in wanted and len(found) == 1
    }
    return {pid: chain for pid, chain in chains.items() if chain}


def _chain(lines: Sequence[str]) -> Chain:
    """Return what all controllers agree on; those that a pod does not use say nothing."""
    found = [_LINE.fullmatch(line) for line in lines]
    if not all(found):
        return ()
    told = {chain for one in found if one and (chain := in_path(one["path"]))}
    return told.pop() if len(told) == 1 else ()


def in_path(path: str) -> Chain:
    """Return the pods, and their containers, that a path of cgroups leads through."""
    chain: list[Contained] = []
    levels = path.split("/")
    for level, below in zip(levels, [*levels[1:], ""], strict=True):
        pod = _POD.fullmatch(level)
        if pod is None:
            continue
        container = pod["id"] or ((inner := _CONTAINER.fullmatch(below)) and inner["id"]) or ""
        uid = pod["uid"].replace("_", "-")
        chain.append(Contained(uid, container))
    return tuple(chain)


def of_this_cluster(chain: Chain, known: Mapping[str, object]) -> Contained | None:
    """Return the outermost pod that this cluster knows: what is inside is another cluster's."""
    return next((one for one in chain if one.pod_uid in known), None)
