"""The XML of `nvidia-smi -q -x`, of DTD versions 9 to 13: read as a stream, with nothing expanded.

A card counts when its element has ended: of a text that breaks off, the cards before the break are
kept, and the break is told. No DTD is fetched and no entity is defined; the text of a process's
name is not trusted to be proper XML.
"""

import re
from dataclasses import replace
from functools import lru_cache

from apps.observability.gpus.reading import NVIDIA_SMI, NodeReading
from apps.observability.sources.nvidia_smi import building, cells, cutting, refusals
from apps.observability.sources.nvidia_smi.cells import Unreadable
from apps.observability.sources.nvidia_smi.cutting import Found
from apps.observability.sources.nvidia_smi.stream import ROOT, Record, Stream

# A card's is some 50 kB, most of it the clocks that it supports; the largest nodes have 16 cards.
CAP = 8 * 2**20
# Longer lists of clocks are none that a card has, and are not remembered.
LONGEST_LIST = 64 * 1024

_BEGIN = re.compile(r"<\?xml|<!DOCTYPE nvidia_smi_log|<nvidia_smi_log")
_END = f"</{ROOT}>"
# Most of the text, and of no use here. Whatever else stood among them would be left where it is.
_CLOCKS, _CLOCKS_END = "<supported_clocks>", "</supported_clocks>"
_SUPPORTED = re.compile(r"(?:[^<]++|</?(?:supported_graphics_clock|supported_mem_clock|value)>)*+")


def read(output: bytes | str) -> NodeReading:
    """Read what the command printed; lines before and after the document are read as errors."""
    if len(output) > CAP:
        return NodeReading(NVIDIA_SMI, errors=(f"nvidia-smi printed more than {CAP} bytes",))
    text = output.decode("utf-8", "replace") if isinstance(output, bytes) else output
    begin = _BEGIN.search(text)
    if begin is None:
        return refusals.read(text)
    end = text.rfind(_END)
    end = end + len(_END) if end >= 0 else len(text)
    around = refusals.read(text[: begin.start()] + "\n" + text[end:], must_speak=False)
    said = without_clocks(text[begin.start() : end])
    found = cutting.read(said) or _parsed(said)
    return _reading(found, around.lost, [*around.errors, *found.errors])


def without_clocks(document: str) -> str:
    """Leave out the clocks that each card supports, which all cards of a model list alike."""
    first, *others = document.split(_CLOCKS)
    pieces = [first]
    for one in others:
        inner, end, rest = one.partition(_CLOCKS_END)
        lists = _lists_clocks if len(inner) <= LONGEST_LIST else _lists_clocks.__wrapped__
        pieces.append(rest if end and lists(inner) else _CLOCKS + one)
    return "".join(pieces)


@lru_cache(maxsize=64)
def _lists_clocks(inner: str) -> bool:
    return _SUPPORTED.fullmatch(inner) is not None


def _parsed(document: str) -> Found:
    """Read it element by element; what breaks it off is among the errors."""
    stream = Stream()
    broken = stream.run(document)
    return Found(stream.node, stream.cards, (broken,) if broken else ())


def _reading(found: Found, lost: tuple[str, ...], errors: list[str]) -> NodeReading:
    driver = _of_node(found.node, "driver_version", cells.version, errors)
    cuda = _of_node(found.node, "cuda_version", cells.version, errors)
    attached = _of_node(found.node, "attached_gpus", cells.small, errors)
    gpus = found.cards
    if attached == len(gpus):
        # The XML has no index: cards stand in the order of theirs, where none is left out.
        gpus = [
            gpu if gpu.index == place else replace(gpu, index=place)
            for place, gpu in enumerate(gpus)
        ]
    else:
        told = "an unknown number of" if attached is None else attached
        errors.append(f"{told} GPUs are attached, {len(gpus)} are described")
    return NodeReading(
        NVIDIA_SMI,
        tuple(gpus),
        driver_version=driver if isinstance(driver, str) else None,
        cuda_version=cuda if isinstance(cuda, str) else None,
        attached=attached if isinstance(attached, int) else None,
        lost=lost,
        errors=tuple(errors),
    )


def _of_node(node: Record, name: str, read: cells.Reader, errors: list[str]) -> cells.Value:
    try:
        return building.single(name, node, read)
    except Unreadable as unreadable:
        errors.append(f"{name} reads {unreadable}")
        return None
