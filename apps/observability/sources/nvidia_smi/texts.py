"""What one node's nvidia-smi printed, and the one reading that is made of it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace

from apps.clusters.kube.exec_refusals import Obstacle
from apps.observability.gpus.reading import NVIDIA_SMI, Gpu, Holder, NodeReading
from apps.observability.gpus.varying import vary
from apps.observability.sources.nvidia_smi import document, listing, processes, refusals, table


@dataclass(frozen=True, slots=True)
class NodeTexts:
    """The outputs of one node as they came; empty is what was not asked for, or did not come.

    `holders` are the pods of processes by their numbers. Where it does not see the processes of
    its node, an empty list of them says nothing. `obstacle` is what kept it from being asked.
    `was_asked` is false where the time was over before it was its turn. `cards` are what was read
    of document and table already: to read them twice costs as much again.
    """

    node: str
    container: str = ""
    sees_processes: bool = False
    document: bytes = b""
    listing: bytes = b""
    table: bytes = b""
    processes: bytes = b""
    holders: Mapping[int, Holder] = field(default_factory=dict)
    obstacle: Obstacle | None = None
    errors: tuple[str, ...] = ()
    was_asked: bool = True
    cards: NodeReading | None = field(default=None, repr=False, compare=False)


def read(texts: NodeTexts) -> NodeReading:
    """Make one reading of all of them, with the pods of the processes."""
    reading = texts.cards or read_cards(texts)
    if texts.listing:
        reading = listing.complete(reading, listing.read(texts.listing))
    gpus = tuple(_with_holders(gpu, texts) for gpu in reading.gpus)
    errors = tuple(dict.fromkeys((*reading.errors, *texts.errors)))
    return replace(reading, gpus=gpus, node_name=texts.node, errors=errors)


def read_cards(texts: NodeTexts) -> NodeReading:
    """Read the document; cards that only the table describes are taken from there."""
    reading = NodeReading(NVIDIA_SMI)
    if texts.document:
        reading = document.read(texts.document)
    elif texts.obstacle is None and not texts.table:
        reading = refusals.read("")
    if texts.table:
        reading = _joined(reading, table.read(texts.table))
    if texts.processes:
        found, wrong = processes.read(texts.processes)
        reading = processes.attach(reading, found)
        reading = replace(reading, errors=(*reading.errors, *wrong))
    return reading


def wants_listing(reading: NodeReading) -> bool:
    """Whether only the list can tell what is wanting: names of slices, and places of cards."""
    return any(
        gpu.index is None
        or any(one.uuid is None or one.profile is None for one in gpu.mig_instances or ())
        for gpu in reading.gpus
    )


def wants_table(texts: NodeTexts, reading: NodeReading) -> bool:
    """Whether the document began and does not tell of each card who it is and what it has."""
    if b"<nvidia_smi_log" not in texts.document:
        # It says in words why it describes nothing, and would say it again.
        return False
    working = [gpu for gpu in reading.gpus if gpu.failure is None]
    return not reading.gpus or any(
        gpu.uuid is None or gpu.memory_total_mb is None for gpu in working
    )


def _joined(first: NodeReading, second: NodeReading) -> NodeReading:
    """Return the first with what only the second has; who a card is must be known of both."""
    rows = {gpu.uuid: gpu for gpu in second.gpus if gpu.uuid is not None}
    known = [gpu for gpu in first.gpus if gpu.uuid is not None]
    kept = [_filled(gpu, rows.pop(gpu.uuid)) if gpu.uuid in rows else gpu for gpu in known]
    return replace(
        first,
        gpus=(*kept, *rows.values()),
        driver_version=first.driver_version or second.driver_version,
        attached=second.attached if first.attached is None else first.attached,
        lost=tuple(dict.fromkeys((*first.lost, *second.lost))),
        errors=(*first.errors, *second.errors),
    )


def _filled(gpu: Gpu, row: Gpu) -> Gpu:
    said = {one.name: getattr(row, one.name) for one in fields(row)}
    wanting = {name: said[name] for name in said if getattr(gpu, name) is None}
    return replace(gpu, **wanting)


def _with_holders(gpu: Gpu, texts: NodeTexts) -> Gpu:
    if not texts.sees_processes:
        # An empty list from a container that is shown its own processes only.
        return vary(gpu, processes=None) if gpu.processes == () else gpu
    if not gpu.processes or not texts.holders:
        return gpu
    held = tuple(replace(one, holder=texts.holders.get(one.pid)) for one in gpu.processes)
    return vary(gpu, processes=held)
