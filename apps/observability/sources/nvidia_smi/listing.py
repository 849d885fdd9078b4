"""`nvidia-smi -L`: each card's index and UUID, and each instance's profile, which the XML lacks."""

import re
from dataclasses import dataclass, replace

from apps.observability.gpus.reading import Gpu, MigInstance, NodeReading
from apps.observability.sources.nvidia_smi import refusals

CAP = 2**18

_GPU = re.compile(
    r"GPU (?P<index>[0-9]{1,3}): (?P<name>[^()]{1,200}) "
    r"\(UUID: (?P<uuid>GPU-[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})\)"
)
# A compute instance smaller than its GPU instance is printed as 1c.3g.40gb; old drivers name a
# slice by its card and two numbers.
_MIG = re.compile(
    r"  MIG (?P<profile>(?:[1-7]c\.)?[1-7]g\.[0-9]{1,3}gb(?:\+[a-z.]{1,12})*)\s+"
    r"Device\s{1,4}(?P<index>[0-9]{1,2}): \(UUID: (?P<uuid>MIG-[0-9A-Za-z/-]{1,80})\)"
)


@dataclass(frozen=True, slots=True)
class ListedGpu:
    """One card of the list; its instances by their index."""

    index: int
    name: str
    uuid: str
    instances: dict[int, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Listing:
    gpus: tuple[ListedGpu, ...]
    lost: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()


def read(output: bytes | str) -> Listing:
    """Read the list. A slice under a line that cannot be read belongs to no card that is known."""
    if len(output) > CAP:
        return Listing((), errors=(f"nvidia-smi -L printed more than {CAP} bytes",))
    text = output.decode("utf-8", "replace") if isinstance(output, bytes) else output
    gpus: list[ListedGpu] = []
    other: list[str] = []
    here: ListedGpu | None = None
    for line in filter(str.strip, text.splitlines()):
        if card := _GPU.fullmatch(line.rstrip()):
            here = ListedGpu(int(card["index"]), card["name"], card["uuid"], {})
            gpus.append(here)
        elif (part := _MIG.fullmatch(line.rstrip())) and here is not None:
            here.instances[int(part["index"])] = (part["profile"], part["uuid"])
        else:
            other.append(line)
            here = here if line.startswith(" ") else None
    said = refusals.read("\n".join(other), must_speak=not gpus)
    return Listing(tuple(gpus), said.lost, said.errors)


def complete(reading: NodeReading, listing: Listing) -> NodeReading:
    """Return the reading with what the list alone says: indexes; profiles and UUIDs of slices."""
    listed = {gpu.uuid: gpu for gpu in listing.gpus}
    gpus = tuple(
        _completed(gpu, listed[gpu.uuid]) if gpu.uuid in listed else gpu for gpu in reading.gpus
    )
    lost = tuple(dict.fromkeys((*reading.lost, *listing.lost)))
    errors = tuple(dict.fromkeys((*reading.errors, *listing.errors)))
    return replace(reading, gpus=gpus, lost=lost, errors=errors)


def _completed(gpu: Gpu, listed: ListedGpu) -> Gpu:
    instances = gpu.mig_instances
    if instances is not None:
        instances = tuple(_named(one, listed) for one in instances)
    return replace(gpu, index=listed.index, mig_instances=instances)


def _named(instance: MigInstance, listed: ListedGpu) -> MigInstance:
    found = None if instance.index is None else listed.instances.get(instance.index)
    if found is None:
        return instance
    return replace(instance, profile=found[0], uuid=instance.uuid or found[1])
