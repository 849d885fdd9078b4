"""Cards of a shape that was read before: the same elements in the same order, with other values.

The values are cut out of a card's text, and what is left is its shape, of which the parser has
said once which value stands at which place. That takes a tenth of the time. Whatever is not plain
is left to the parser: a value that could be more than text, a comment, text that breaks off.
"""

import re
from dataclasses import dataclass
from itertools import count

from apps.observability.gpus.reading import Gpu
from apps.observability.sources.nvidia_smi.shapes import Numbered, Numbers, Shape
from apps.observability.sources.nvidia_smi.stream import (
    MOST_CARDS,
    REASONS,
    ROOT,
    Card,
    Record,
    Stream,
)

BEGIN, END = '\n\t<gpu id="', "\n\t</gpu>"
# So many shapes are kept, and none that is longer; then it begins anew.
MOST_SHAPES, LONGEST_SHAPE = 256, 64 * 1024

# Printable ASCII without what begins or ends markup: no other text is taken for a plain value.
_VALUES = re.compile(r">([ -%'-;=?-~]*)</")
_BUS_ID = re.compile(r"[0-9A-Fa-f:.]{1,20}")
_HEAD = re.compile(
    r'(?:<\?xml version="1\.0" \?>\s*)?(?:<!DOCTYPE \w+ SYSTEM "[\w.]+">\s*)?<[^!?]*\Z'
)
_NUMBER = re.compile(r"#([0-9]+)")

# By the pieces between the values, and how many values those are.
_shapes: dict[tuple[str, int], Shape] = {}


@dataclass(frozen=True, slots=True)
class Found:
    """What a document says: of the node, by names, and of each card."""

    node: Record
    cards: list[Gpu]
    errors: tuple[str, ...] = ()


def read(document: str) -> Found | None:
    """Read a document as nvidia-smi prints it; None is for one that the parser must see."""
    head, *blocks = document.split(BEGIN)
    if not 0 < len(blocks) <= MOST_CARDS:
        return None
    # What follows the last card is the end of the document, and nothing else.
    last, end, rest = blocks[-1].rpartition(END)
    if rest.strip() != f"</{ROOT}>" or not _HEAD.match(head):
        return None
    blocks[-1] = last + end
    around = Stream()
    if around.run(head + rest) or around.cards:
        return None
    # The XML has no index: cards stand in the order of theirs, where none is left out.
    is_whole = around.node.get("attached_gpus") == [str(len(blocks))]
    cards = [_card(block, place if is_whole else None) for place, block in enumerate(blocks)]
    made = [card for card in cards if card is not None]
    return Found(around.node, made) if len(made) == len(cards) else None


def _card(block: str, place: int | None) -> Gpu | None:
    bus_id, _, text = block.partition('">')
    if not _BUS_ID.fullmatch(bus_id) or not text.endswith(END):
        return None
    pieces = _VALUES.split(text)
    values = pieces[1::2]
    key = "\0".join(pieces[::2]), len(values)
    shape = _shapes.get(key)
    if shape is None:
        shape = _learn(pieces[::2])
        if shape is None:
            return None
        if len(key[0]) <= LONGEST_SHAPE:
            if len(_shapes) >= MOST_SHAPES:
                _shapes.clear()
            _shapes[key] = shape
    values.append(bus_id)
    return shape.card(values, place)


class _Numbering(Stream):
    """Keeps the texts of its card as they are."""

    seen: Card | None = None
    many = 0

    def _end_card(self, card: Card) -> None:
        self.seen, self.many = card, self.many + 1


def _learn(pieces: list[str]) -> Shape | None:
    """Have the parser say where each value stands; None where it is not one card and no more."""
    if any("<!" in piece or "<?" in piece for piece in pieces):
        return None
    text = pieces[0] + "".join(f">#{at}</{piece}" for at, piece in enumerate(pieces[1:]))
    last = len(pieces) - 1
    stream = _Numbering()
    broken = stream.run(f'<{ROOT}><gpu id="#{last}">{text}</{ROOT}>')
    if broken or stream.many != 1 or stream.node or stream.seen is None:
        return None
    return Shape(_numbered(stream.seen, last + 1), REASONS)


def _numbered(card: Card, first: int) -> Numbered:
    constants: list[str] = []
    numbers = count(first)

    def of(text: str) -> int:
        if marked := _NUMBER.fullmatch(text):
            return int(marked[1])
        constants.append(text)
        return next(numbers)

    def all_of(record: Record) -> Numbers:
        return {place: [of(text) for text in texts] for place, texts in record.items()}

    return Numbered(
        all_of(card.texts),
        [all_of(one) for one in card.instances],
        [all_of(one) for one in card.processes],
        constants,
    )
