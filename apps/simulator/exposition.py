"""Metric families, and how they are printed: for a scrape, and as the history of a time series."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from apps.simulator.rhythm import Value

Kind = Literal["counter", "gauge", "histogram", "untyped"]
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS = (0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Series:
    """One line of an exposition: a name, labels, and the value as a function of time."""

    name: str
    labels: Mapping[str, str]
    value: Value


@dataclass(slots=True)
class Family:
    """Series of one metric, with the HELP and TYPE that stand above them."""

    name: str
    kind: Kind
    help: str
    series: list[Series] = field(default_factory=list)

    def add(self, value: Value, /, **labels: str) -> None:
        self.series.append(Series(self.name, labels, value))

    def add_histogram(
        self, count: Value, mean: float, bounds: Sequence[float] = BUCKETS, **labels: str
    ) -> None:
        """Spread `count` over `bounds` as answers that take `mean` seconds usually do."""
        for bound in bounds:
            # A log-logistic curve: half below the median, a long tail, cheap to compute.
            share = 1 / (1 + (0.8 * mean / bound) ** 2.5)
            bucket = Series(
                f"{self.name}_bucket", {**labels, "le": f"{bound:g}"}, part(count, share)
            )
            self.series.append(bucket)
        self.series.append(Series(f"{self.name}_bucket", {**labels, "le": "+Inf"}, whole(count)))
        self.series.append(Series(f"{self.name}_sum", labels, part(count, mean, rounded=False)))
        self.series.append(Series(f"{self.name}_count", labels, whole(count)))


def part(value: Value, share: float, *, rounded: bool = True) -> Value:
    """Return `share` of a value, in whole numbers unless told otherwise."""
    if not callable(value):
        return float(int(value * share)) if rounded else value * share
    known = value
    if rounded:
        return lambda t: float(int(known(t) * share))
    return lambda t: known(t) * share


def whole(value: Value) -> Value:
    """Return a value that counts whole things."""
    return part(value, 1.0)


def number(value: float) -> str:
    # Bytes and nanojoules outgrow the digits of %g, and must not look as if they stood still.
    return str(int(value)) if value == int(value) else f"{value:.9g}"


def selector(name: str, labels: Mapping[str, str]) -> str:
    if not labels:
        return name
    pairs = ",".join(f'{label}="{escape(text)}"' for label, text in labels.items())
    return f"{name}{{{pairs}}}"


def escape(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def render(families: Iterable[Family], t: float) -> str:
    """Print the families as they are at `t`, in the text format that Prometheus scrapes."""
    lines = []
    for family in families:
        if not family.series:
            continue
        lines.append(f"# HELP {family.name} {family.help}")
        lines.append(f"# TYPE {family.name} {family.kind}")
        for series in family.series:
            value = series.value(t) if callable(series.value) else series.value
            lines.append(f"{selector(series.name, series.labels)} {number(value)}")
    return "\n".join(lines) + "\n"


def render_history(series: Series, times: Sequence[float]) -> str:
    """Print one series at all `times` as OpenMetrics lines (the caller adds `# EOF`)."""
    name = selector(series.name, series.labels)
    value = series.value
    if not callable(value):
        start = f"{name} {number(value)} "
        return "".join([f"{start}{t:.3f}\n" for t in times])
    return "".join([f"{name} {number(value(t))} {t:.3f}\n" for t in times])
