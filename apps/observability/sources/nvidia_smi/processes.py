"""The CSV of `nvidia-smi --query-compute-apps=...`: which process holds memory of which card."""

import re
from collections.abc import Sequence
from dataclasses import replace

from apps.observability.gpus.reading import COMPUTE, GpuProcess, NodeReading
from apps.observability.sources.nvidia_smi import building, cells, lines, refusals
from apps.observability.sources.nvidia_smi.fields import PROCESS

CAP = 2**20
# Without the card's UUID nobody could say which card a process is on; it is the last since its
# length is known, so that of a row that was cut there nothing else is short.
ASKED = ("pid", "used_memory", "process_name", "gpu_uuid")

_NAMES = {column for field in PROCESS for column in field.csv}
_PROGRAM = ("process_name", "name")
_MEMORY = ("used_gpu_memory", "used_memory")
# Two groups of a UUID, which damage to others of its characters leaves as they were.
_OF_A_UUID = re.compile(r"[0-9a-f]{4}-[0-9a-f]{4}")


def read(output: bytes | str) -> tuple[tuple[GpuProcess, ...], tuple[str, ...]]:
    """Return the processes, and what could not be read, of an output with its header and units."""
    if len(output) > CAP:
        return (), (f"nvidia-smi printed more than {CAP} bytes",)
    said, errors = lines.whole(output)
    found: list[GpuProcess] = []
    around: list[str] = []
    header: list[str] = []
    doubtful = lines.beside_strays(said)
    for place, line in enumerate(said):
        row = line.split(lines.SEPARATOR)
        if not header:
            header = _header(row)
            around += [] if header else [line]
        elif len(row) == 1:
            around.append(line)
        elif place in doubtful:
            errors.append("a process may have lost a piece to the line beside it")
        else:
            process = _row(row, header, errors)
            found += [process] if process is not None else []
    return tuple(found), (*refusals.read("\n".join(around), must_speak=False).errors, *errors)


def attach(reading: NodeReading, processes: Sequence[GpuProcess]) -> NodeReading:
    """Return the reading with the processes of those cards whose own list was not given."""
    gpus = tuple(
        gpu
        if gpu.processes is not None or gpu.uuid is None
        else replace(gpu, processes=tuple(one for one in processes if one.gpu_uuid == gpu.uuid))
        for gpu in reading.gpus
    )
    return replace(reading, gpus=gpus)


def _header(row: list[str]) -> list[str]:
    names = [name for name, _ in lines.columns(row) or ()]
    needed = ({"pid"}, {"gpu_uuid"}, set(_PROGRAM), set(_MEMORY))
    return names if all(one & set(names) for one in needed) else []


def _row(row: list[str], header: Sequence[str], errors: list[str]) -> GpuProcess | None:
    """Read a row. The name of a program may hold separators; the cells on both sides may not."""
    place = next(at for at, name in enumerate(header) if name in _PROGRAM)
    spare = len(row) - len(header)
    if spare < 0:
        errors.append(f"a process has {len(row)} cells under a header of {len(header)}")
        return None
    end = place + spare + 1
    grown = spare > 0 and any(_is_of_a_row(one) for one in row[place:end])
    row = [*row[:place], lines.SEPARATOR.join(row[place:end]), *row[end:]]
    texts = {name: [cell] for name, cell in zip(header, row, strict=True) if name in _NAMES}
    process, wrong = building.process(texts, building.in_csv)
    # A name may hold anything, so that one damaged cell beside it puts the whole row in doubt; one
    # that holds cells as other columns have them is two rows grown together.
    if process is None or process.gpu_uuid is None or wrong or grown or not _has_unit(texts):
        errors.append(f"a process cannot be told: {'; '.join(wrong) or 'its row has moved'}")
        return None
    return replace(process, type=COMPUTE)


def _is_of_a_row(text: str) -> bool:
    """Whether a piece of a name looks like a cell of another column, whole or damaged."""
    return bool(_OF_A_UUID.search(text)) or text.endswith(" MiB") or cells.given(text) is None


def _has_unit(texts: dict[str, list[str]]) -> bool:
    """Whether the memory is whole to its end, or not given."""
    said = next(texts[name][0] for name in _MEMORY if name in texts)
    return cells.given(said) is None or said.endswith(" MiB")
