"""The CSV of `nvidia-smi --query-compute-apps=...`: which process holds memory of which card."""

from collections.abc import Sequence
from dataclasses import replace

from apps.observability.gpus.reading import COMPUTE, GpuProcess, NodeReading
from apps.observability.sources.nvidia_smi import building, refusals
from apps.observability.sources.nvidia_smi.fields import PROCESS

CAP = 2**20
# Without the card's UUID nobody could say which card a process is on.
ASKED = ("gpu_uuid", "pid", "process_name", "used_memory")
SEPARATOR = ", "

_NAMES = {column for field in PROCESS for column in field.csv}
_PROGRAM = ("process_name", "name")


def read(
    output: bytes | str, columns: Sequence[str] = ASKED
) -> tuple[tuple[GpuProcess, ...], tuple[str, ...]]:
    """Return the processes, and what could not be read; `columns` counts where it has no header."""
    if len(output) > CAP:
        return (), (f"nvidia-smi printed more than {CAP} bytes",)
    text = output.decode("utf-8", "replace") if isinstance(output, bytes) else output
    found: list[GpuProcess] = []
    errors: list[str] = []
    other: list[str] = []
    header = list(columns)
    for line in filter(str.strip, text.splitlines()):
        row = line.split(SEPARATOR)
        names = [one.strip().removesuffix(" [MiB]") for one in row]
        if "pid" in names and set(names) & set(_PROGRAM):
            header = names
        elif len(row) == 1:
            other.append(line)
        else:
            process = _row(row, header, errors)
            found += [process] if process is not None else []
    said = refusals.read("\n".join(other), must_speak=False)
    return tuple(found), (*said.errors, *errors)


def attach(reading: NodeReading, processes: Sequence[GpuProcess]) -> NodeReading:
    """Return the reading with the processes of those cards whose own list was not given."""
    gpus = tuple(
        gpu
        if gpu.processes is not None or gpu.uuid is None
        else replace(gpu, processes=tuple(one for one in processes if one.gpu_uuid == gpu.uuid))
        for gpu in reading.gpus
    )
    return replace(reading, gpus=gpus)


def _row(row: list[str], header: Sequence[str], errors: list[str]) -> GpuProcess | None:
    """Read a row. The name of a program may hold separators; the cells on both sides may not."""
    place = next((at for at, name in enumerate(header) if name in _PROGRAM), None)
    spare = len(row) - len(header)
    if spare < 0 or (spare > 0 and place is None):
        errors.append(f"a process has {len(row)} cells under a header of {len(header)}")
        return None
    if spare and place is not None:
        row = [
            *row[:place],
            SEPARATOR.join(row[place : place + spare + 1]),
            *row[place + spare + 1 :],
        ]
    texts = {name: [cell] for name, cell in zip(header, row, strict=True) if name in _NAMES}
    process, wrong = building.process(texts, building.in_csv)
    if process is None or (spare and wrong) or ("gpu_uuid" in header and process.gpu_uuid is None):
        errors.append(f"a process cannot be told: {'; '.join(wrong) or 'of no card'}")
        return None
    errors += wrong
    return replace(process, type=COMPUTE)
