"""One pass over the XML of nvidia-smi, card by card: nothing is expanded, nothing fetched."""

import re
from collections.abc import Sequence
from dataclasses import replace
from xml.parsers import expat

from apps.observability.gpus.reading import REASON_BITS, Gpu, GpuProcess, MigInstance
from apps.observability.sources.nvidia_smi import building

MOST_CARDS, DEEPEST = 128, 16
ROOT = "nvidia_smi_log"
MIG, PROCESS = "mig_devices/mig_device", "processes/process_info"
REASONS = {name: f"clocks_event_reasons/clocks_event_reason_{name}" for name in REASON_BITS}

_BARE_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7});)")

Record = dict[str, list[str]]


class Refused(Exception):
    """The document holds what nvidia-smi never prints."""


class Card:
    """The texts of one card, of its instances and of its processes."""

    def __init__(self, bus_id: str) -> None:
        self.texts: Record = {"@id": [bus_id]}
        self.instances: list[Record] = []
        self.processes: list[Record] = []

    def begin(self, place: str) -> None:
        if place == MIG:
            self.instances.append({})
        elif place == PROCESS:
            self.processes.append({})

    def take(self, place: str, text: str) -> None:
        record = self.texts
        if place.startswith((MIG, PROCESS)):
            for part, records in ((MIG, self.instances), (PROCESS, self.processes)):
                if place == part or place.startswith(f"{part}/"):
                    record, place = records[-1], place[len(part) + 1 :]
        elif "throttle" in place:
            # The name of these changed from throttle to event; their meaning did not.
            place = place.replace("clocks_throttle_reason", "clocks_event_reason")
        record.setdefault(place, []).append(text)

    def built(self) -> Gpu:
        gpu = building.card(self.texts, building.in_xml, REASONS)
        errors = list(gpu.errors)
        return replace(
            gpu,
            mig_instances=self._instances(errors),
            processes=self._processes(gpu.uuid, errors),
            errors=tuple(errors),
        )

    def _instances(self, errors: list[str]) -> tuple[MigInstance, ...] | None:
        made = [building.instance(texts) for texts in self.instances]
        for number, (_, wrong) in enumerate(made):
            errors += [building.of_slice(number, one) for one in wrong]
        return tuple(one for one, _ in made) or slices_said(self.texts.get("mig_devices", ()))

    def _processes(self, uuid: str | None, errors: list[str]) -> tuple[GpuProcess, ...] | None:
        if not self.processes:
            return processes_said(self.texts.get("processes", ()))
        found: list[GpuProcess] = []
        for number, texts in enumerate(self.processes):
            process, wrong = building.process(texts, building.in_xml)
            errors += [building.of_process(number, one) for one in wrong]
            if process is not None:
                found.append(replace(process, gpu_uuid=uuid))
        return tuple(found)


def slices_said(texts: Sequence[str]) -> tuple[MigInstance, ...] | None:
    """Return what a card without any instance says of them: that it has none, or nothing."""
    return () if [text.strip() for text in texts] == ["None"] else None


def processes_said(texts: Sequence[str]) -> tuple[GpuProcess, ...] | None:
    return () if [text.strip() for text in texts] in ([""], ["None"]) else None


class Stream:
    """One pass over the document; only elements at the places of nvidia-smi's are looked at."""

    def __init__(self) -> None:
        self.cards: list[Gpu] = []
        self.node: Record = {}
        # Of each open element the place, in the card or else in the document.
        self._places: list[str] = []
        self._text: list[str] = []
        self._card: Card | None = None
        # Whether the innermost element has held no other so far.
        self._is_leaf = False

    def run(self, document: str) -> str | None:
        """Return what broke the reading off, None where nothing did."""
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text.append
        parser.EntityDeclHandler = self._entity
        # An entity that nobody defines would vanish from the text around it, and "2&x;7" be 27.
        document = _BARE_AMPERSAND.sub("&amp;", document)
        try:
            parser.Parse(document, True)
        except (expat.ExpatError, Refused) as broken:
            return f"nvidia-smi's XML breaks off after {len(self.cards)} cards: {broken}"
        return None

    def _entity(self, *_: object) -> None:
        raise Refused("it defines an entity")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        depth = len(self._places)
        if depth >= DEEPEST or (depth == 0 and name != ROOT):
            raise Refused("it is not nvidia-smi's")
        above = self._places[-1] if depth else ""
        place = f"{above}/{name}" if above else name
        if depth == 0:
            place = ""
        elif depth == 1 and name == "gpu":
            self._begin_card(attributes)
            place = ""
        elif self._card is not None:
            self._card.begin(place)
        self._places.append(place)
        self._text.clear()
        self._is_leaf = True

    def _begin_card(self, attributes: dict[str, str]) -> None:
        if len(self.cards) == MOST_CARDS:
            raise Refused("there are too many of them")
        self._card = Card(attributes.get("id", ""))

    def _end(self, _: str) -> None:
        place = self._places.pop()
        if self._is_leaf:
            text = "".join(self._text)
            if self._card is not None:
                self._card.take(place, text)
            else:
                self.node.setdefault(place, []).append(text)
        if len(self._places) == 1 and self._card is not None:
            self._end_card(self._card)
            self._card = None
        self._text.clear()
        self._is_leaf = False

    def _end_card(self, card: Card) -> None:
        self.cards.append(card.built())
