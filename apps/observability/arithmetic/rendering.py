"""Prints an answer as the `result` of Prometheus' JSON."""

from dataclasses import dataclass

import msgspec

from apps.observability.arithmetic import floats
from apps.observability.arithmetic.values import Grid, Labels, Samples, Value, Vector
from apps.observability.errors import NotExecutable


@dataclass(frozen=True, slots=True)
class Rendered:
    """`result_type` as Prometheus names it; `result` is JSON."""

    result_type: str
    result: bytes


def render(value: Value, grid: Grid) -> Rendered:
    """An instant answer keeps its order; the series of a range are in that of their labels."""
    times = [_time(moment) for moment in grid.milliseconds]
    if isinstance(value, dict):
        return _vector(value, times) if grid.is_instant else _matrix(value, times)
    if isinstance(value, list):
        if not grid.is_instant:
            return _matrix({(): list(value)}, times)
        return Rendered("scalar", f'[{times[0]},"{floats.printed(value[0])}"]'.encode())
    if not grid.is_instant:
        raise NotExecutable("A text has no values over a range. Ask for it as an instant query.")
    return Rendered("string", b"[%s,%s]" % (times[0].encode(), msgspec.json.encode(value)))


def _vector(vector: Vector, times: list[str]) -> Rendered:
    rows = [
        b'{"metric":%s,"value":[%s,"%s"]}'
        % (_metric(labels), times[0].encode(), floats.printed(samples[0]).encode())
        for labels, samples in vector.items()
        if samples[0] is not None
    ]
    return Rendered("vector", b"[" + b",".join(rows) + b"]")


def _matrix(vector: Vector, times: list[str]) -> Rendered:
    rows = [
        b'{"metric":%s,"values":[%s]}' % (_metric(labels), values)
        for labels, samples in sorted(vector.items(), key=lambda series: series[0])
        if (values := _values(samples, times))
    ]
    return Rendered("matrix", b"[" + b",".join(rows) + b"]")


def _values(samples: Samples, times: list[str]) -> bytes:
    return ",".join(
        f'[{time},"{floats.printed(value)}"]'
        for time, value in zip(times, samples, strict=True)
        if value is not None
    ).encode()


def _metric(labels: Labels) -> bytes:
    return msgspec.json.encode(dict(labels))


def _time(milliseconds: int) -> str:
    """In seconds; the fraction, if there is one, with three digits, as Prometheus prints it."""
    sign = "-" if milliseconds < 0 else ""
    seconds, fraction = divmod(abs(milliseconds), 1000)
    return f"{sign}{seconds}.{fraction:03}" if fraction else f"{sign}{seconds}"
