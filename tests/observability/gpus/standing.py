"""Where each value of a text stands, found without the readers: what damage may make of it."""

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from xml.sax.saxutils import unescape

from apps.observability.gpus.reading import EccCounts, Gpu, reasons_in
from apps.observability.sources.nvidia_smi.fields import GPU, MIG, PROCESS, Field

Span = tuple[int, int]
# The places of one element: of a card, of a slice, of a process.
Spans = dict[str, Span]

_TAG = re.compile(rb"<(/?)([A-Za-z_0-9]+)(?: id=\"([^\"]*)\")?>")
_MASK = re.compile(r"0x[0-9a-fA-F]{16}")
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")


class CardSpans:
    def __init__(self, own: Spans) -> None:
        self.own = own
        self.slices: list[Spans] = []
        self.processes: list[Spans] = []


def in_document(text: bytes) -> list[CardSpans]:
    """Return the spans of every leaf of every card of an undamaged document."""
    cards: list[CardSpans] = []
    path: list[str] = []
    begun = 0
    leaf = False
    for tag in _TAG.finditer(text):
        name = tag[2].decode()
        if not tag[1]:
            path.append(name)
            begun, leaf = tag.end(), True
            if path[1:] == ["gpu"]:
                cards.append(CardSpans({"@id": tag.span(3)}))
            elif path[2:] == ["mig_devices", "mig_device"]:
                cards[-1].slices.append({})
            elif path[2:] == ["processes", "process_info"]:
                cards[-1].processes.append({})
            continue
        if leaf and path[1:2] == ["gpu"] and "supported_clocks" not in path:
            _spans_of(cards[-1], path[2:])["/".join(_inner(path[2:]))] = (begun, tag.start())
        path.pop()
        leaf = False
    return cards


def _spans_of(card: CardSpans, path: list[str]) -> Spans:
    if path[:2] == ["mig_devices", "mig_device"]:
        return card.slices[-1]
    return card.processes[-1] if path[:2] == ["processes", "process_info"] else card.own


def _inner(path: list[str]) -> list[str]:
    known = (["mig_devices", "mig_device"], ["processes", "process_info"])
    return path[2:] if path[:2] in known else path


def in_table(text: bytes) -> list[Spans]:
    """Return the spans of every cell of every row of an undamaged table, by its column."""
    header, *rows = text.splitlines(keepends=True)
    columns = [one.partition(" [")[0] for one in header.decode().strip().split(", ")]
    found: list[Spans] = []
    at = len(header)
    for row in rows:
        spans: Spans = {}
        begin = at
        for column, cell in zip(columns, row.rstrip(b"\n").split(b", "), strict=True):
            spans[column] = (begin, begin + len(cell))
            begin += len(cell) + 2
        found.append(spans)
        at += len(row)
    return found


def strange(
    read: object,
    original: object,
    spans: Spans,
    table: tuple[Field, ...],
    text: bytes,
    csv: bool = False,
) -> list[str]:
    """Return the fields that are not what they were, nor None, nor what stands in their place."""
    places = {field.name: field.csv if csv else field.xml for field in table}
    places["throttle_reasons"] = ("clocks_event_reasons.active",) if csv else ()
    if not csv:
        # Of a process in the XML it is that of the card it stands in.
        places["gpu_uuid"] = ("card/uuid",)
    return [
        f"{name} is {value!r}, was {was!r}"
        for name, value, was in _pairs(read, original)
        if value is not None
        and value != was
        and not any(_stands(value, place, spans, text) for place in places.get(name, ()))
    ]


def _pairs(
    read: object, original: object, prefix: str = ""
) -> Iterator[tuple[str, object, object]]:
    assert is_dataclass(read)
    for field in fields(read):
        value, was = getattr(read, field.name), getattr(original, field.name)
        if isinstance(value, EccCounts):
            yield from _pairs(value, was, f"{field.name}.")
        elif field.name not in {"errors", "failure", "mig_instances", "processes"}:
            yield f"{prefix}{field.name}", value, was


def _stands(value: object, place: str, spans: Spans, text: bytes) -> bool:
    said: list[str] = []
    for part in place.split(" + "):
        if part not in spans:
            return False
        begin, end = spans[part]
        said.append(text[begin:end].decode("utf-8", "replace").strip())
    if isinstance(value, tuple):
        return _MASK.fullmatch(said[0]) is not None and value == reasons_in(int(said[0], 16))
    if isinstance(value, str):
        # What cannot be shown is shown as a question mark.
        shown = "".join(c if c.isprintable() and c != "\ufffd" else "?" for c in unescape(said[0]))
        return value.upper() == shown.upper()
    numbers = [_NUMBER.findall(one) for one in said]
    return all(len(one) == 1 for one in numbers) and value == sum(float(one[0]) for one in numbers)


def strange_card(read: Gpu, original: Gpu, spans: CardSpans, text: bytes) -> list[str]:
    found = strange(read, original, spans.own, GPU, text)
    slices = zip(read.mig_instances or (), original.mig_instances or (), spans.slices, strict=False)
    for part, was, place in slices:
        found += strange(part, was, place, MIG, text)
    of_card = [{**one, "card/uuid": spans.own["uuid"]} for one in spans.processes]
    # A process that cannot be told is left out: the others keep their order.
    for process in read.processes or ():
        candidates = [
            strange(process, before, place, PROCESS, text)
            for before, place in zip(original.processes or (), of_card, strict=True)
        ]
        closest: list[str] = min(candidates, key=len)
        found += closest
    return found
