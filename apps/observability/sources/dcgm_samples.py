"""The samples of the DCGM exporter put to the cards they are of; `dcgm` reads the cards.

A card has some twenty series with the same labels but for their name: those are looked at once.
"""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from apps.observability.gpus.reading import Holder

# Labels, with the name of the series among them, and the value.
Sample = tuple[Mapping[str, str], float]

NODE_LABELS = ("Hostname", "hostname", "exported_Hostname", "exported_hostname", "node")
ENERGY = "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION"
XID, XID_COUNT = "DCGM_FI_DEV_XID_ERRORS", "DCGM_EXP_XID_ERRORS_COUNT"

# DCGM's blanks leak as values: where its 32 and 64 bit integers and its doubles end.
_BLANK_32 = (2**31 - 16, 2**31 - 1)
_BLANK_DOUBLE = (2.0**47, 2.0**47 + 3)
_BLANK_64 = 9.2e18
# What is longer is no name of anything, and would not fit where it is kept.
LONGEST_NAME, LONGEST_UUID = 253, 96
# A node has no more cards, and no cluster so many: whoever tells of them makes them up.
MOST_OF_A_NODE, MOST_OF_A_CLUSTER = 128, 65_536


@dataclass(slots=True)
class Rows:
    """The values of one card or instance by the name of their series, and who was given it."""

    labels: Mapping[str, str]
    values: dict[str, float] = field(default_factory=dict)
    holders: set[Holder] = field(default_factory=set)


@dataclass(slots=True)
class Card:
    board: Rows
    xids: set[int] = field(default_factory=set)
    instances: dict[int, Rows] = field(default_factory=dict)


@dataclass(slots=True)
class Spot:
    """Where the samples of one set of labels go; `held`: who is named there, by some of them."""

    labels: Mapping[str, str]
    node: str | None
    uuid: str
    card: Card | None = None
    part: Rows | None = None
    is_held: bool = False


class Cards:
    """All cards of a cluster, by their nodes. `own` are the series that each slice has its own of.

    `left_out` counts the cards beyond what a node or a cluster can have.
    """

    def __init__(self, own: Collection[str]) -> None:
        self.nodes: dict[str | None, dict[str, Card]] = {}
        self.left_out = 0
        self._own = own
        self._spots: list[Spot] = []
        self._renamed = False
        self._count = 0

    def spot(self, labels: Mapping[str, str]) -> Spot | None:
        """Return where samples with these labels go, None where they are of no card."""
        uuid = name_in(labels, "UUID", LONGEST_UUID)
        if uuid is None:
            return None
        node = next((labels[one] for one in NODE_LABELS if labels.get(one)), None)
        if node is not None and not is_name(node, LONGEST_NAME):
            return None
        return Spot(labels, node, uuid)

    def add(self, spot: Spot, name: str, value: float) -> None:
        """Keep a value; of two the larger one: an exporter that replaces another leaves both."""
        if not 0 <= value < _BLANK_32[0] and not is_value(name, value):
            return
        card = spot.card or self._begin(spot)
        if card is None:
            return
        if name == XID_COUNT:
            number = number_in(spot.labels.get("xid") or spot.labels.get("err_code"))
            if number and value > 0:
                card.xids.add(number)
            return
        if not spot.is_held:
            self._settle(spot, card)
        if name == XID and 0 < value < 1000:
            card.xids.add(int(value))
        # A slice's rows repeat what is the card's: power is that of the whole board on each.
        rows = spot.part if spot.part is not None and name in self._own else card.board
        known = rows.values.get(name)
        if known is None or value > known:
            rows.values[name] = value

    def end(self) -> None:
        """Settle who was given what, once all samples were seen."""
        for spot in self._spots:
            holder = _holder(spot.labels, self._renamed)
            if spot.is_held and holder is not None and spot.card is not None:
                (spot.part or spot.card.board).holders.add(holder)

    def _begin(self, spot: Spot) -> Card | None:
        cards = self.nodes.setdefault(spot.node, {})
        card = cards.get(spot.uuid)
        if card is None:
            if len(cards) >= MOST_OF_A_NODE or self._count >= MOST_OF_A_CLUSTER:
                self.left_out += 1
                return None
            card = cards[spot.uuid] = Card(Rows(spot.labels))
            self._count += 1
        self._renamed = self._renamed or "exported_pod" in spot.labels
        self._spots.append(spot)
        spot.card = card
        return card

    @staticmethod
    def _settle(spot: Spot, card: Card) -> None:
        spot.is_held = True
        instance = number_in(spot.labels.get("GPU_I_ID"))
        if instance is not None:
            spot.part = card.instances.setdefault(instance, Rows(spot.labels))


def is_value(name: str, value: float) -> bool:
    if not math.isfinite(value) or value >= _BLANK_64:
        return False
    if _BLANK_DOUBLE[0] <= value <= _BLANK_DOUBLE[1]:
        return False
    # Energy passes the end of 32 bits within the hour, and is no blank for that.
    return name == ENERGY or not _BLANK_32[0] <= value <= _BLANK_32[1]


def _holder(labels: Mapping[str, str], renamed: bool) -> Holder | None:
    """Return the pod that was given the card.

    Where Prometheus keeps its own labels of the scrape (no honorLabels), the exporter's are called
    `exported_pod` and so on, and plain `pod` is the exporter itself, on idle cards alone too.
    """
    prefix = "exported_" if renamed else ""
    pod, container = labels.get(f"{prefix}pod", ""), labels.get(f"{prefix}container", "")
    if not pod or (not renamed and "dcgm" in f"{pod} {container}"):
        return None
    namespace = labels.get(f"{prefix}namespace", "")
    if not all(is_name(one, LONGEST_NAME) for one in (namespace, pod, container)):
        return None
    return Holder(namespace, pod, container)


def is_name(text: str, most: int) -> bool:
    return len(text) <= most and text.isprintable()


def name_in(labels: Mapping[str, str], label: str, most: int) -> str | None:
    """Return what a label says, None where it says nothing or what nothing is called."""
    said = labels.get(label)
    return said if said and is_name(said, most) else None


def number_in(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 5 else None
