"""The clusters' answers become one: each series is given its cluster's name, samples stay bytes.

An answer is read once. Its samples are only looked at from outside: they must have the form in
which Prometheus writes them, so that no server can put anything else into the answers of others.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import msgspec
from msgspec import UNSET, Raw, UnsetType

from apps.observability.federation.outcome import SourceFailed
from apps.observability.promql.naming import under

# What numbers are written with. Without it, a sample of a float is `[,""]`.
_FIGURES = b"0123456789.eE+-NaInf"
_BARE = b'[,""]'
# Memory of this size is used again and again; that of a whole answer is fetched and given back
# each time, which takes longer than to copy what is in it.
CHUNK = 256 * 1024


class Series(msgspec.Struct, gc=False, omit_defaults=True):
    """One series of a vector (`value`, `histogram`) or of a matrix (`values`, `histograms`)."""

    metric: dict[str, str]
    value: Raw | UnsetType = UNSET
    values: Raw | UnsetType = UNSET
    histogram: Raw | UnsetType = UNSET
    histograms: Raw | UnsetType = UNSET


class Data(msgspec.Struct):
    resultType: str  # noqa: N815 - the wire's own name
    result: list[Series]


class _Histogram(msgspec.Struct):
    count: str
    sum: str
    buckets: list[tuple[int, str, str, str]] = []


@dataclass(frozen=True, slots=True)
class Part:
    """The series of one cluster, with commas between, in chunks; and their number."""

    chunks: Sequence[bytes]
    number: int


_samples = msgspec.json.Decoder(list[tuple[float, str]])
_histogram = msgspec.json.Decoder(tuple[float, _Histogram])
_histograms = msgspec.json.Decoder(list[tuple[float, _Histogram]])
_encoder = msgspec.json.Encoder()


def splice(data: Data, kind: str, cluster: str) -> Part:
    """Return the series of one cluster's answer, as the fleet has them.

    Raises SourceFailed where the answer is not what was asked for: a `kind` of vector or matrix.
    """
    if data.resultType != kind:
        raise SourceFailed("CLUSTER_UNREACHABLE", f"Prometheus answers no {kind}")
    require_form(data.result, kind)
    for series in data.result:
        series.metric = under(cluster, series.metric)
    return Part(list(_chunks(data.result)), len(data.result))


def require_form(result: Sequence[Series], kind: str) -> None:
    """Raise SourceFailed where the samples are not such as Prometheus writes."""
    check = _check_vector if kind == "vector" else _check_matrix
    try:
        sound = check(result)
    except (msgspec.DecodeError, RecursionError):
        sound = False
    if not sound:
        raise SourceFailed("CLUSTER_UNREACHABLE", "Prometheus' samples are not in its own form")


def _chunks(result: Sequence[Series]) -> Iterator[bytes]:
    buffer = bytearray()
    for series in result:
        if buffer:
            buffer += b","
        # Its place -1 is the end of what is there.
        _encoder.encode_into(series, buffer, -1)
        if len(buffer) >= CHUNK:
            yield bytes(buffer)
            buffer.clear()
    if buffer:
        yield bytes(buffer)


def _check_vector(result: Sequence[Series]) -> bool:
    samples: list[Raw] = []
    for series in result:
        if series.values is not UNSET or series.histograms is not UNSET:
            return False
        if series.value is not UNSET:
            samples.append(series.value)
        elif series.histogram is not UNSET:
            _histogram.decode(series.histogram)
        else:
            return False
    bare = b"".join(samples).translate(None, _FIGURES)
    return bare == _BARE * len(samples) or _are_samples(b"[" + b",".join(samples) + b"]")


def _check_matrix(result: Sequence[Series]) -> bool:
    for series in result:
        if series.value is not UNSET or series.histogram is not UNSET:
            return False
        if series.values is not UNSET:
            values = bytes(series.values)
            bare = values.translate(None, _FIGURES)
            expected = _bare_samples(len(bare) // (len(_BARE) + 1))
            if bare != expected and not _are_samples(values):
                return False
        elif series.histograms is UNSET:
            return False
        if series.histograms is not UNSET:
            _histograms.decode(series.histograms)
    return True


@lru_cache(maxsize=4096)
def _bare_samples(number: int) -> bytes:
    return b"[" + b",".join([_BARE] * number) + b"]"


def _are_samples(values: bytes) -> bool:
    """Read what may only be written with other blanks than Prometheus': each sample of it."""
    return not any(value.encode().translate(None, _FIGURES) for _, value in _samples.decode(values))
