"""The XML of `nvidia-smi -q -x`, of DTD versions 9 to 13: read as a stream, with nothing expanded.

A card counts when its element has ended: of a text that breaks off, the cards before the break are
kept, and the break is told. No DTD is fetched and no entity is defined; the text of a process's
name is not trusted to be proper XML.
"""

import re
from dataclasses import replace
from xml.parsers import expat

from apps.observability.gpus.reading import (
    NVIDIA_SMI,
    REASON_BITS,
    Gpu,
    GpuProcess,
    MigInstance,
    NodeReading,
)
from apps.observability.sources.nvidia_smi import building, cells, refusals
from apps.observability.sources.nvidia_smi.cells import Unreadable

# A card's is some 50 kB, most of it the clocks that it supports; the largest nodes have 16 cards.
CAP = 8 * 2**20
MOST_CARDS, DEEPEST = 128, 16
ROOT = "nvidia_smi_log"
MIG, PROCESS = ["mig_devices", "mig_device"], ["processes", "process_info"]
REASONS = {name: f"clocks_event_reasons/clocks_event_reason_{name}" for name in REASON_BITS}

_BEGIN = re.compile(r"<\?xml|<!DOCTYPE nvidia_smi_log|<nvidia_smi_log")
_END = f"</{ROOT}>"
_BARE_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7});)")
# Most of the text, and of no use here. Whatever else stood among them would be left where it is.
_SUPPORTED_CLOCKS = re.compile(
    r"<supported_clocks>"
    r"(?:[^<]++|</?(?:supported_graphics_clock|supported_mem_clock|value)>)*+"
    r"</supported_clocks>"
)

_Record = dict[str, list[str]]


class _Refused(Exception):
    """The document holds what nvidia-smi never prints."""


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
    stream = _Stream()
    broken = stream.run(text[begin.start() : end])
    errors = [*around.errors, *([broken] if broken else [])]
    return _reading(stream, around.lost, errors)


def _reading(stream: "_Stream", lost: tuple[str, ...], errors: list[str]) -> NodeReading:
    driver = _of_node(stream.node, "driver_version", cells.version, errors)
    cuda = _of_node(stream.node, "cuda_version", cells.version, errors)
    attached = _of_node(stream.node, "attached_gpus", cells.count, errors)
    gpus = stream.cards
    if attached == len(gpus):
        # The XML has no index: cards stand in the order of theirs, where none is left out.
        gpus = [replace(gpu, index=place) for place, gpu in enumerate(gpus)]
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


def _of_node(node: _Record, name: str, read: cells.Reader, errors: list[str]) -> cells.Value:
    try:
        return building.single(name, node, read)
    except Unreadable as unreadable:
        errors.append(f"{name} reads {unreadable}")
        return None


class _Card:
    """The texts of one card, of its instances and of its processes."""

    def __init__(self, bus_id: str) -> None:
        self.texts: _Record = {"@id": [bus_id]}
        self.instances: list[_Record] = []
        self.processes: list[_Record] = []

    def begin(self, path: list[str]) -> None:
        if path == MIG:
            self.instances.append({})
        elif path == PROCESS:
            self.processes.append({})

    def take(self, path: list[str], text: str) -> None:
        record = self.texts
        if path[:2] == MIG:
            record, path = self.instances[-1], path[2:]
        elif path[:2] == PROCESS:
            record, path = self.processes[-1], path[2:]
        # The name of these changed from throttle to event; their meaning did not.
        place = "/".join(path).replace("clocks_throttle_reason", "clocks_event_reason")
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
            errors += [f"MIG device {number}: {one}" for one in wrong]
        if made:
            return tuple(one for one, _ in made)
        return () if [said.strip() for said in self.texts.get(MIG[0], ())] == ["None"] else None

    def _processes(self, uuid: str | None, errors: list[str]) -> tuple[GpuProcess, ...] | None:
        if not self.processes:
            said = [text.strip() for text in self.texts.get(PROCESS[0], ())]
            return () if said in ([""], ["None"]) else None
        found: list[GpuProcess] = []
        for number, texts in enumerate(self.processes):
            process, wrong = building.process(texts, building.in_xml)
            errors += [f"process {number}: {one}" for one in wrong]
            if process is not None:
                found.append(replace(process, gpu_uuid=uuid))
        return tuple(found)


class _Stream:
    """One pass over the document; only elements at the places of nvidia-smi's are looked at."""

    def __init__(self) -> None:
        self.cards: list[Gpu] = []
        self.node: _Record = {}
        self._path: list[str] = []
        self._text: list[str] = []
        self._card: _Card | None = None
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
        document = _BARE_AMPERSAND.sub("&amp;", _SUPPORTED_CLOCKS.sub("", document))
        try:
            parser.Parse(document, True)
        except (expat.ExpatError, _Refused) as broken:
            return f"nvidia-smi's XML breaks off after {len(self.cards)} cards: {broken}"
        return None

    def _entity(self, *_: object) -> None:
        raise _Refused("it defines an entity")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._path.append(name)
        if len(self._path) > DEEPEST or self._path[0] != ROOT:
            raise _Refused("it is not nvidia-smi's")
        self._text.clear()
        self._is_leaf = True
        if self._path == [ROOT, "gpu"]:
            if len(self.cards) == MOST_CARDS:
                raise _Refused("there are too many of them")
            self._card = _Card(attributes.get("id", ""))
        elif self._card is not None:
            self._card.begin(self._path[2:])

    def _end(self, _: str) -> None:
        path = self._path
        if self._is_leaf and self._card is not None:
            self._card.take(path[2:], "".join(self._text))
        elif self._is_leaf:
            self.node.setdefault("/".join(path[1:]), []).append("".join(self._text))
        if path == [ROOT, "gpu"] and self._card is not None:
            self.cards.append(self._card.built())
            self._card = None
        path.pop()
        self._text.clear()
        self._is_leaf = False
