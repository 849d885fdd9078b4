"""One value of nvidia-smi's: given, missing, or unreadable; never guessed at.

A card that does not give a value says so in one of several ways, which are None here. A text that
is neither a value of its kind nor one of those raises `Unreadable`.
"""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache

from apps.observability.gpus.reading import COMPUTE, GRAPHICS, MIXED, RECOVERY, address

Value = str | int | float | bool | tuple[str, ...] | None
Reader = Callable[[str], Value]

MISSING = {
    "",
    "n/a",
    "na",
    "not supported",
    "not available",
    "not found",
    "no data",
    "insufficient permissions",
    "requested functionality has been deprecated",
    "function not found",
}
# What stands in place of the values of a card that does not answer as one that works.
LOST = {"gpu is lost", "gpu requires reset", "reset required"}
# One value may be wanting for reasons of its own; where many are, the card is failing.
VAGUE = {"unknown error", "err!", "timeout"}
PLAINTS = LOST | VAGUE
SHOWN = 60
LONGEST = 200
MANY = 5

_UUID = re.compile(r"(?:GPU|MIG)-[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_BUS_ID = re.compile(r"[0-9a-fA-F]{4,8}:[0-9a-fA-F]{2}:[0-9a-fA-F]{2}\.[0-9a-fA-F]")
_VERSION = re.compile(r"[0-9]{1,5}(?:\.[0-9]{1,5}){1,3}")
_PSTATE = re.compile(r"P(?:[0-9]|1[0-5])")
_MASK = re.compile(r"0x[0-9a-fA-F]{16}")
_RECOVERY = {
    "none": "NONE",
    "reset": "GPU_RESET",
    "gpu reset": "GPU_RESET",
    "gpu reset required": "GPU_RESET",
    "reboot": "NODE_REBOOT",
    "node reboot": "NODE_REBOOT",
    "node reboot required": "NODE_REBOOT",
    "drain p2p": "DRAIN_P2P",
    "drain and reset": "DRAIN_AND_RESET",
} | {str(number): action for number, action in enumerate(RECOVERY)}
_FLAGS = {"enabled": True, "disabled": False, "yes": True, "no": False}
_ACTIVITY = {"active": True, "not active": False}
# MPS clients are listed as M+C: they compute, by way of a server.
_TYPES = {"C": COMPUTE, "M+C": COMPUTE, "M": COMPUTE, "G": GRAPHICS, "C+G": MIXED}


class Unreadable(ValueError):
    """The text in a value's place is no value of its kind; it is quoted, cut short."""

    def __init__(self, text: str) -> None:
        shown = "".join(one if one.isprintable() else "?" for one in text[:SHOWN])
        super().__init__(f'"{shown}"')
        self.text = text


def given(text: str) -> str | None:
    """Return the text that was given, None where the card says that it gives none."""
    return _given(text) if len(text) <= LONGEST else _given.__wrapped__(text)


# Most texts are one of a few, again and again: N/A, 0, Not Active. Long ones are not kept.
@lru_cache(maxsize=4096)
def _given(text: str) -> str | None:
    shown = text.strip()
    bare = shown[1:-1].strip() if shown.startswith("[") and shown.endswith("]") else shown
    if bare.lower() in MISSING:
        return None
    return bare if bare.lower() in PLAINTS else shown


def failure(texts: Iterable[str]) -> str | None:
    """Return what a card says in place of its values, where it has failed."""
    said = [text for text in texts if _is_plaint(text)]
    found = [text for text in map(given, said) if text is not None]
    if lost := next((text for text in found if text.lower() in LOST), None):
        return lost
    return found[0] if len(found) >= MANY else None


def _is_plaint(text: str) -> bool:
    """Whether it stands in place of a value because the card has failed, or may have."""
    shown = given(text)
    return shown is not None and len(shown) <= SHOWN and shown.lower() in PLAINTS


@lru_cache
def number(unit: str = "", low: int = 0, high: int = 10**9) -> Reader:
    """Return a reader of whole numbers, with that unit or with none, from `low` to `high`."""
    form = re.compile(rf"-?[0-9]{{1,12}}(?: ?{re.escape(unit)})?" if unit else r"-?[0-9]{1,12}")

    def read(text: str) -> int:
        if not form.fullmatch(text):
            raise Unreadable(text)
        value = int(text.removesuffix(unit))
        if not low <= value <= high:
            raise Unreadable(text)
        return value

    return read


@lru_cache
def quantity(unit: str, high: float) -> Reader:
    """Return a reader of decimal numbers from nothing to `high`, with that unit or with none."""
    form = re.compile(rf"[0-9]{{1,12}}(?:\.[0-9]{{1,6}})?(?: ?{re.escape(unit)})?")

    def read(text: str) -> float:
        if not form.fullmatch(text):
            raise Unreadable(text)
        value = float(text.removesuffix(unit))
        if value > high:
            raise Unreadable(text)
        return value

    return read


percent = number("%", high=100)
# The intended speed of a fan may be above what its noise allows: nvidia-smi says over 100 % then.
fan = number("%", high=300)
mebibytes = number("MiB", high=2**26)
celsius = number("C", low=-273, high=300)
megahertz = number("MHz", high=10**5)
watts = quantity("W", high=10**5)
count = number(high=10**12)
# Of cards in a node, and their places.
small = number(high=2**15 - 1)
width = number("x", high=64)
pid = number(low=1, high=2**31)


def _shaped(form: re.Pattern[str]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not form.fullmatch(text):
            raise Unreadable(text)
        return text

    return read


uuid = _shaped(_UUID)
version = _shaped(_VERSION)
pstate = _shaped(_PSTATE)


def bus_id(text: str) -> str:
    return address(_shaped(_BUS_ID)(text))


def mask(text: str) -> int:
    """Return the bits of a mask as it is printed: 0x0000000000000004."""
    return int(_shaped(_MASK)(text), 16)


def words(text: str) -> str:
    """Return a name as it stands; one that a terminal or a page would trip over is none."""
    if text.lower() in PLAINTS or not text.isprintable() or len(text) > LONGEST or "\ufffd" in text:
        raise Unreadable(text)
    return text


def path(text: str) -> str:
    """Return the name of a program; the bytes of another code page are shown as question marks."""
    return "".join(one if one.isprintable() and one != "\ufffd" else "?" for one in text)[:LONGEST]


def _one_of(known: dict[str, Value], same_case: bool = False) -> Reader:
    def read(text: str) -> Value:
        found = known.get(text if same_case else text.lower())
        if found is None:
            raise Unreadable(text)
        return found

    return read


flag = _one_of(dict(_FLAGS))
active = _one_of(dict(_ACTIVITY))
recovery = _one_of(dict(_RECOVERY))
process_type = _one_of(dict(_TYPES), same_case=True)
