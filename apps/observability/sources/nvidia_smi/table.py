"""The CSV of `nvidia-smi --query-gpu=... --format=csv`: every row against the header above it.

Cells are told apart by a comma and a space, and nothing is quoted: one that is lost or made by
damage moves all that follow, so that a row which does not fit its header is no row at all.
"""

import re
from collections.abc import Iterable, Sequence

from apps.observability.gpus.reading import NVIDIA_SMI, REASON_BITS, Gpu, NodeReading
from apps.observability.sources.nvidia_smi import building, cells, refusals
from apps.observability.sources.nvidia_smi.cells import Reader, Unreadable
from apps.observability.sources.nvidia_smi.fields import GPU

CAP = 2**20
SEPARATOR = ", "
REASONS = {name: f"clocks_event_reasons.{name}" for name in (*REASON_BITS, "active")}
READERS: dict[str, Reader] = {
    **{column: field.read for field in GPU for column in field.csv},
    **dict.fromkeys(REASONS.values(), cells.active),
    REASONS["active"]: cells.mask,
    "driver_version": cells.version,
}
# What is worth asking for where the XML lacks it, or cannot be had.
ASKED = (
    *dict.fromkeys(field.csv[0] for field in GPU if field.csv),
    "driver_version",
    "clocks_event_reasons.active",
)
# As many cells that do not fit their columns are no accident of one cell: the row has moved.
MOVED = 2

_UNIT = re.compile(r" \[[A-Za-z%/]{1,8}\]$")
# What is left of a cell when damage has put a separator before its unit.
_UNITS = {"MiB", "MHz", "W", "%", "us", "ms", "C", "KB/s"}


def read(output: bytes | str, columns: Sequence[str] = ()) -> NodeReading:
    """Read what the command printed; `columns` are those asked for, where it has no header."""
    if len(output) > CAP:
        return NodeReading(NVIDIA_SMI, errors=(f"nvidia-smi printed more than {CAP} bytes",))
    text = output.decode("utf-8", "replace") if isinstance(output, bytes) else output
    header = [_plain(one) for one in columns]
    gpus: list[Gpu] = []
    drivers: set[str] = set()
    errors: list[str] = []
    around: list[str] = []
    for line in filter(str.strip, text.splitlines()):
        row = line.split(SEPARATOR)
        if not header and is_header(row):
            header = [_plain(one) for one in row]
        elif not header or len(row) == 1 != len(header):
            around.append(line)
        elif wrong := _misfit(row, header):
            errors.append(wrong)
        else:
            texts = _texts(row, header)
            gpus.append(building.card(texts, building.in_csv, REASONS))
            drivers |= set(texts.get("driver_version", ()))
    said = refusals.read("\n".join(around), must_speak=not gpus and not errors)
    return NodeReading(
        NVIDIA_SMI,
        tuple(gpus),
        driver_version=_driver(drivers),
        lost=said.lost,
        errors=(*said.errors, *errors),
    )


def is_header(row: Iterable[str]) -> bool:
    """Whether the cells are names of columns. Damage to one of them does not hide the others."""
    known = [_plain(one) in READERS for one in row]
    return sum(known) * 2 > len(known) or sum(known) > MOVED


def _plain(column: str) -> str:
    """Return the name of a column without its unit, by its newer name where it has two."""
    name = _UNIT.sub("", column.strip())
    return name.replace("clocks_throttle_reasons", "clocks_event_reasons")


def _misfit(row: Sequence[str], header: Sequence[str]) -> str | None:
    if len(row) != len(header):
        return f"a row has {len(row)} cells under a header of {len(header)}"
    wrong = [column for column, cell in zip(header, row, strict=True) if not _fits(column, cell)]
    return f"a row has moved: {', '.join(wrong[:4])} do not fit" if len(wrong) >= MOVED else None


def _fits(column: str, cell: str) -> bool:
    if cell.strip() in _UNITS:
        return False
    text = cells.given(cell)
    if column not in READERS or text is None or text.lower() in cells.LOST | cells.VAGUE:
        return True
    try:
        READERS[column](text)
    except Unreadable:
        return False
    return True


def _texts(row: Sequence[str], header: Sequence[str]) -> dict[str, list[str]]:
    texts: dict[str, list[str]] = {}
    for column, cell in zip(header, row, strict=True):
        texts.setdefault(column, []).append(cell)
    return texts


def _driver(said: set[str]) -> str | None:
    """Return the driver's version, which is one for the whole node, if all rows agree."""
    texts = [text for one in said if (text := cells.given(one)) is not None]
    if len(texts) != 1:
        return None
    try:
        return str(cells.version(texts[0]))
    except Unreadable:
        return None
