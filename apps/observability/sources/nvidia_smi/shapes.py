"""Makes cards of their values alone, where it is known which value stands at which place.

Says of each text what `building` says of it, and remembers that.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from operator import itemgetter
from typing import Any

from apps.observability.gpus.reading import EccCounts, Gpu, GpuProcess, MigInstance
from apps.observability.sources.nvidia_smi import building, cells
from apps.observability.sources.nvidia_smi.building import Texts
from apps.observability.sources.nvidia_smi.cells import Unreadable
from apps.observability.sources.nvidia_smi.fields import GPU, MIG, PROCESS, Field
from apps.observability.sources.nvidia_smi.stream import processes_said, slices_said

# Of a record's texts so many are remembered; then it begins anew.
MOST_TEXTS = 4096
_ECC = {part: tuple(one.name for one in fields(EccCounts)) for part in ("volatile", "aggregate")}

# By its place, the numbers of the values that stand there.
Numbers = Mapping[str, Sequence[int]]


@dataclass(frozen=True, slots=True)
class Numbered:
    """A card whose texts are the numbers of its values.

    Texts that are no values belong to the shape: they are numbered on behind the values.
    """

    own: Numbers
    instances: Sequence[Numbers]
    processes: Sequence[Numbers]
    constants: Sequence[str]


class _Wrong(str):
    """Why a text cannot be read."""

    __slots__ = ()


class _Reader:
    """What some texts say, remembered: most are one of a few, again and again."""

    def __init__(self, places: Mapping[str, Sequence[int]], read: Callable[[Texts], Any]) -> None:
        self._places = [(place, len(numbers)) for place, numbers in places.items()]
        every = [number for numbers in places.values() for number in numbers]
        self.pick = itemgetter(*every)
        self._is_single = len(every) == 1
        self._read = read
        self.known: dict[Any, Any] = {}

    def learn(self, said: Any) -> Any:
        texts = [said] if self._is_single else [*said]
        record: dict[str, list[str]] = {}
        at = 0
        for place, count in self._places:
            record[place] = texts[at : at + count]
            at += count
        found = self._read(record)
        if sum(map(len, texts)) <= cells.LONGEST:
            if len(self.known) >= MOST_TEXTS:
                self.known.clear()
            self.known[said] = found
        return found


class _Record:
    """The fields of a card, an instance or a process, each with the places it has in a shape."""

    def __init__(self, table: Sequence[Field], numbers: Numbers) -> None:
        self._steps: list[tuple[str, list[_Reader]]] = []
        for one in table:
            readers = [
                _Reader(here, _at(one, place))
                for place in one.xml
                if (here := _here(place, numbers))
            ]
            if readers:
                self._steps.append((one.name, readers))

    def read(self, values: Sequence[str], errors: list[str]) -> dict[str, Any]:
        """Return the fields that are given. `Any`: a field's type is known to its reader alone."""
        found: dict[str, Any] = {}
        for name, readers in self._steps:
            for reader in readers:
                said = reader.pick(values)
                try:
                    value = reader.known[said]
                except KeyError:
                    value = reader.learn(said)
                if value is None:
                    continue
                if type(value) is _Wrong:
                    errors.append(value)
                else:
                    found[name] = value
                break
        return found


def _here(place: str, numbers: Numbers) -> dict[str, Sequence[int]]:
    parts = place.split(building.PLUS)
    return {part: numbers[part] for part in parts if part in numbers}


def _at(one: Field, place: str) -> Callable[[Texts], Any]:
    def read(texts: Texts) -> Any:
        try:
            return building.value_at(one, place, texts)
        except Unreadable as unreadable:
            return _Wrong(building.complaint(place, unreadable))

    return read


class Shape:
    """Makes the cards of one shape, whose texts it is given by their numbers."""

    def __init__(self, numbered: Numbered, reasons: Mapping[str, str]) -> None:
        self._constants = list(numbered.constants)
        self._own = _Record(GPU, numbered.own)
        said = {place: numbered.own[place] for place in reasons.values() if place in numbered.own}
        self._reasons = _Reader(said, _reasons_by(reasons)) if said else None
        self._instances = [_Record(MIG, one) for one in numbered.instances]
        self._processes = [_Record(PROCESS, one) for one in numbered.processes]
        self._of_none = [numbered.own.get(place, ()) for place in ("mig_devices", "processes")]
        every = [number for numbers in numbered.own.values() for number in numbers]
        # Of one number alone it would pick no list.
        self._texts = itemgetter(*every, every[0])

    def card(self, values: list[str], index: int | None) -> Gpu:
        """Make a card of its values, in the order of their numbers."""
        values += self._constants
        errors: list[str] = []
        found = self._own.read(values, errors)
        for part, names in _ECC.items():
            found[f"ecc_{part}"] = _ecc(*(found.pop(f"ecc_{part}.{name}", None) for name in names))
        if index is not None:
            found["index"] = index
        return Gpu(
            **found,
            throttle_reasons=self._held_down(values, errors),
            failure=building.failure(self._texts(values)),
            mig_instances=self._slices(values, errors),
            processes=self._running(values, found.get("uuid"), errors),
            errors=tuple(errors),
        )

    def _held_down(self, values: Sequence[str], errors: list[str]) -> tuple[str, ...] | None:
        if self._reasons is None:
            return None
        said = self._reasons.pick(values)
        known = self._reasons.known.get(said)
        names, wrong = self._reasons.learn(said) if known is None else known
        errors += wrong
        return names  # type: ignore[no-any-return]

    def _slices(self, values: Sequence[str], errors: list[str]) -> tuple[MigInstance, ...] | None:
        if not self._instances:
            return slices_said([values[number] for number in self._of_none[0]])
        made = []
        for number, record in enumerate(self._instances):
            wrong: list[str] = []
            made.append(MigInstance(**record.read(values, wrong)))
            errors += [building.of_slice(number, one) for one in wrong]
        return tuple(made)

    def _running(
        self, values: Sequence[str], uuid: str | None, errors: list[str]
    ) -> tuple[GpuProcess, ...] | None:
        if not self._processes:
            return processes_said([values[number] for number in self._of_none[1]])
        made = []
        for number, record in enumerate(self._processes):
            wrong: list[str] = []
            found = record.read(values, wrong)
            if found.get("pid") is None:
                wrong = wrong or [building.NO_PID]
            else:
                made.append(GpuProcess(**found, gpu_uuid=uuid))
            errors += [building.of_process(number, one) for one in wrong]
        return tuple(made)


@lru_cache(maxsize=4096)
def _ecc(*counts: int | None) -> EccCounts:
    return EccCounts(*counts)


def _reasons_by(reasons: Mapping[str, str]) -> Callable[[Texts], Any]:
    def read(texts: Texts) -> tuple[tuple[str, ...] | None, list[str]]:
        wrong: list[str] = []
        return building.reasons_of(texts, reasons, wrong), wrong

    return read
