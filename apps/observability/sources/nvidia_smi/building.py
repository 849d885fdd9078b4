"""Makes the dataclasses of the texts that stand in each place, and says what could not be read."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from apps.observability.gpus.reading import (
    REASON_BITS,
    EccCounts,
    Gpu,
    GpuProcess,
    MigInstance,
    reasons_in,
)
from apps.observability.sources.nvidia_smi import cells
from apps.observability.sources.nvidia_smi.cells import Unreadable, Value
from apps.observability.sources.nvidia_smi.fields import GPU, MIG, PROCESS, Field

# Each place with the texts that stand there; more than one is one too many.
Texts = Mapping[str, Sequence[str]]
Places = Callable[[Field], tuple[str, ...]]
# Between the places of a sum.
PLUS = " + "
NO_PID = "a process is listed without its PID"
# What a failing card's texts have in them, in lower case; few others do.
_HINTS = tuple(sorted(cells.PLAINTS))


def in_xml(field: Field) -> tuple[str, ...]:
    return field.xml


def in_csv(field: Field) -> tuple[str, ...]:
    return field.csv


def card(texts: Texts, places: Places, reasons: Mapping[str, str]) -> Gpu:
    """Make a card. `reasons` has the place of each clock event reason, and of the mask of all."""
    found, errors = _values(GPU, texts, places)
    found["throttle_reasons"] = reasons_of(texts, reasons, errors)
    for part in ("ecc_volatile", "ecc_aggregate"):
        inner = {name.partition(".")[2]: found.pop(name) for name in _of(part, found)}
        found[part] = EccCounts(**inner)
    said = failure([one for said in texts.values() for one in said])
    return Gpu(**found, failure=said, errors=tuple(errors))


def failure(texts: Sequence[str]) -> str | None:
    """Return what a card says in place of its values, where it has failed."""
    every = "\n".join(texts).lower()
    return cells.failure(texts) if any(hint in every for hint in _HINTS) else None


def instance(texts: Texts) -> tuple[MigInstance, list[str]]:
    found, errors = _values(MIG, texts, in_xml)
    return MigInstance(**found), errors


def process(texts: Texts, places: Places) -> tuple[GpuProcess | None, list[str]]:
    """Make a process; without its number it cannot be told from any other, and is none."""
    found, errors = _values(PROCESS, texts, places)
    if found.get("pid") is None:
        return None, errors or [NO_PID]
    return GpuProcess(**found), errors


def _of(part: str, found: Mapping[str, Value]) -> list[str]:
    return [name for name in found if name.startswith(f"{part}.")]


def _values(
    fields: Iterable[Field], texts: Texts, places: Places
) -> tuple[dict[str, Any], list[str]]:
    """Return the fields that are given. `Any`: a field's type is known to its reader alone."""
    found: dict[str, Any] = {}
    errors: list[str] = []
    for field in fields:
        for place in places(field):
            try:
                value = value_at(field, place, texts)
            except Unreadable as unreadable:
                errors.append(complaint(place, unreadable))
                break
            if value is not None:
                found[field.name] = value
                break
    return found, errors


def complaint(place: str, unreadable: Unreadable) -> str:
    return f"{place} reads {unreadable}"


def of_slice(number: int, wrong: str) -> str:
    return f"MIG device {number}: {wrong}"


def of_process(number: int, wrong: str) -> str:
    return f"process {number}: {wrong}"


def value_at(field: Field, place: str, texts: Texts) -> Value:
    """Return what stands at a place, None where nothing is given; raise Unreadable."""
    if PLUS not in place:
        return single(place, texts, field.read)
    parts = [single(part, texts, cells.count) for part in place.split(PLUS)]
    numbers = [part for part in parts if isinstance(part, int)]
    return sum(numbers) if len(numbers) == len(parts) else None


def single(place: str, texts: Texts, read: cells.Reader) -> Value:
    said = texts.get(place, ())
    if len(said) > 1:
        raise Unreadable(" | ".join(said))
    text = cells.given(said[0]) if said else None
    return None if text is None else read(text)


def reasons_of(
    texts: Texts, reasons: Mapping[str, str], errors: list[str]
) -> tuple[str, ...] | None:
    """Return what holds the clocks down; nothing where one of the reasons cannot be read.

    The mask has them all in one number. Without it each reason must have a place: one that stands
    nowhere might be the one that is active.
    """
    try:
        mask = single(reasons.get("active", ""), texts, cells.mask)
        if isinstance(mask, int):
            return reasons_in(mask)
        said = {
            name: single(place, texts, cells.active)
            for name, place in reasons.items()
            if name in REASON_BITS
        }
    except Unreadable as unreadable:
        errors.append(f"a clock event reason reads {unreadable}")
        return None
    if all(one is None for one in said.values()) or not _complete(texts, reasons):
        return None
    return tuple(name for name in REASON_BITS if said.get(name))


def _complete(texts: Texts, reasons: Mapping[str, str]) -> bool:
    """Whether all reasons are there that a table can have; the XML has those the card knows."""
    return "active" not in reasons or all(
        place in texts for name, place in reasons.items() if name in REASON_BITS
    )
