"""The CSV of `nvidia-smi --query-gpu=... --format=csv`: every row against the header above it.

Damage to a separator moves all the cells that follow, so that a row which does not fit its header
is no row at all; damage to one cell costs that cell.
"""

from collections.abc import Iterable, Sequence

from apps.observability.gpus.reading import NVIDIA_SMI, REASON_BITS, Gpu, NodeReading
from apps.observability.sources.nvidia_smi import building, cells, lines, refusals
from apps.observability.sources.nvidia_smi.cells import Reader, Unreadable
from apps.observability.sources.nvidia_smi.fields import GPU

CAP = 2**20
# The table has no column for the setting of the display's clocks; the mask has a bit for it.
REASONS = {
    name: f"clocks_event_reasons.{name}"
    for name in (*REASON_BITS, "active")
    if name != "display_clocks_setting"
}
READERS: dict[str, Reader] = {
    **{column: field.read for field in GPU for column in field.csv},
    **dict.fromkeys(REASONS.values(), cells.active),
    REASONS["active"]: cells.mask,
    "driver_version": cells.version,
    "count": cells.small,
}
# What is worth asking for where the XML lacks it, or cannot be had. The UUID is the last, since
# its length is known: of a row that was cut there nothing else is short.
ASKED = (
    *dict.fromkeys(field.csv[0] for field in GPU if field.csv and field.name != "uuid"),
    "clocks_event_reasons.active",
    "driver_version",
    "count",
    "uuid",
)
# As many cells that do not fit their columns are no accident of one cell: the row has moved.
MOVED = 2

# Names of columns and their units.
_Header = list[tuple[str, str]]
_Row = dict[str, list[str]]


def read(output: bytes | str) -> NodeReading:
    """Read what the command printed, with its header; with units or without."""
    if len(output) > CAP:
        return NodeReading(NVIDIA_SMI, errors=(f"nvidia-smi printed more than {CAP} bytes",))
    said, errors = lines.whole(output)
    header: _Header = []
    rows: list[_Row] = []
    around: list[str] = []
    doubtful = lines.beside_strays(said)
    for place, line in enumerate(said):
        row = line.split(lines.SEPARATOR)
        if not header:
            header = _header(row)
            around += [] if header else [line]
        elif len(row) == 1 != len(header):
            around.append(line)
        elif place in doubtful and len(header) > 1:
            errors.append("a row may have lost a piece to the line beside it")
        else:
            rows += _row(row, header, errors)
    gpus = [_card(row) for row in rows]
    return _reading(gpus, rows, around, errors)


def _reading(
    gpus: Sequence[Gpu], rows: Sequence[_Row], around: Sequence[str], errors: list[str]
) -> NodeReading:
    driver, attached = (_of_node(name, rows) for name in ("driver_version", "count"))
    if attached is not None and attached != len(gpus):
        errors.append(f"{attached} GPUs are attached, {len(gpus)} are described")
    said = refusals.read("\n".join(around), must_speak=not gpus and not errors)
    return NodeReading(
        NVIDIA_SMI,
        tuple(gpus),
        driver_version=driver if isinstance(driver, str) else None,
        attached=attached if isinstance(attached, int) else None,
        lost=said.lost,
        errors=(*said.errors, *errors),
    )


def _header(row: list[str]) -> _Header:
    """Return the columns if these are names of columns, as far as one can tell."""
    named = lines.columns(row) or []
    # The name of these changed from throttle to event; their meaning did not.
    named = [(name.replace("throttle_reasons", "event_reasons"), unit) for name, unit in named]
    return named if any(name in READERS for name, _ in named) else []


def _row(row: list[str], header: _Header, errors: list[str]) -> list[_Row]:
    if len(row) != len(header):
        errors.append(f"a row has {len(row)} cells under a header of {len(header)}")
        return []
    pairs = list(zip(header, row, strict=True))
    with_units = any(unit and cell.endswith(f" {unit}") for (_, unit), cell in pairs)
    wrong = {
        place
        for place, ((name, unit), cell) in enumerate(pairs)
        if not _fits(name, unit if with_units else "", cell)
    }
    if len(wrong) >= MOVED:
        errors.append(f"a row has moved: {len(wrong)} of its cells do not fit")
        return []
    texts: _Row = {}
    for place, ((name, _), cell) in enumerate(pairs):
        # Two texts are one too many: the cell is told, and is not read.
        texts.setdefault(name, []).extend([cell, "damaged"] if place in wrong else [cell])
    return [texts]


def _fits(name: str, unit: str, cell: str) -> bool:
    """Whether a cell may stand in its column: a value of its kind, or a way of giving none."""
    text = cells.given(cell)
    if text is None or text.lower() in cells.LOST | cells.VAGUE:
        return True
    if text.startswith("[") != text.endswith("]") or text == unit:
        return False
    if unit and not text.endswith(f" {unit}"):
        return False
    try:
        return READERS.get(name, str)(text) is not None
    except Unreadable:
        return False


def _card(texts: _Row) -> Gpu:
    return building.card(texts, building.in_csv, REASONS)


def _of_node(name: str, rows: Iterable[_Row]) -> cells.Value:
    """Return what is one for the whole node and stands in every row, if all rows agree."""
    said = {text for row in rows for one in row.get(name, ()) if (text := cells.given(one))}
    try:
        return READERS[name](said.pop()) if len(said) == 1 else None
    except Unreadable:
        return None
