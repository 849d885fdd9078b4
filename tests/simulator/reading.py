"""A strict reader of the Prometheus text format, for what exporters print."""

import re
from dataclasses import dataclass, field

SAMPLE = re.compile(
    r"^(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)"
    r"(?:\{(?P<labels>(?:[a-zA-Z_][a-zA-Z0-9_]*=\"(?:[^\"\\\n]|\\[\\\"n])*\",?)*)\})?"
    r" (?P<value>[^ ]+)$"
)
LABEL = re.compile(r"([a-zA-Z_][a-zA-Z0-9_]*)=\"((?:[^\"\\]|\\.)*)\"")
KINDS = {"counter", "gauge", "histogram", "untyped"}
ENDINGS = ("_bucket", "_sum", "_count")

Key = tuple[str, tuple[tuple[str, str], ...]]


@dataclass
class Exposition:
    kinds: dict[str, str] = field(default_factory=dict)
    samples: dict[Key, float] = field(default_factory=dict)

    def values(self, name: str, **labels: str) -> list[float]:
        wanted = set(labels.items())
        return [v for (n, found), v in self.samples.items() if n == name and wanted <= set(found)]

    def labels(self, name: str) -> list[dict[str, str]]:
        return [dict(found) for (n, found) in self.samples if n == name]


def read(text: str) -> Exposition:
    """Read an exposition; anything that Prometheus would not accept is an AssertionError."""
    assert text.endswith("\n")
    found = Exposition()
    family = ""
    for line in text.splitlines():
        if line.startswith("# HELP "):
            family = line.split(" ", 3)[2]
            assert family not in found.kinds, f"{family} is printed in two places"
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert (name, kind in KINDS) == (family, True), line
            found.kinds[name] = kind
        else:
            add(found, family, line)
    return found


def add(found: Exposition, family: str, line: str) -> None:
    match = SAMPLE.match(line)
    assert match, f"not a sample: {line}"
    name = match["name"]
    stem = name
    if found.kinds[family] == "histogram":
        stem = next(name.removesuffix(end) for end in ENDINGS if name.endswith(end))
    assert stem == family, f"{name} stands under {family}"
    labels = LABEL.findall(match["labels"] or "")
    assert len(dict(labels)) == len(labels), f"a label twice: {line}"
    key = (name, tuple(sorted(labels)))
    assert key not in found.samples, f"a series twice: {line}"
    found.samples[key] = float(match["value"])
