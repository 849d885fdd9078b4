"""Queries by the grammar of PromQL, of a seed: odd names and texts, all inside everything."""

from collections.abc import Callable, Sequence
from random import Random

LABELS = ["job", "namespace", "cluster", "exported_cluster", "le", "sum", "by", '"odd.label"']
NAMES = ["up", "http_requests_total", "job:rate:5m", "sum", "offset", "start", "x"]
VALUES = [
    "a",
    "",
    "a|b",
    "it's",
    'say "x"',
    "back\\slash",
    "new\nline",
    "é中",
    "{}",
    "#",
    "`",
    "$1",
]
PATTERNS = ["a.*", "b|c", "[^x]+", "", ".*", "(?i:z)", "\\d+", "a\\.b", "x{2}"]
DURATIONS = ["5m", "1h30m", "100ms", "1d", "90", "2w"]
NUMBERS = ["1", "0.5", "-3", "1e9", "0x1F", "NaN", "Inf", "-Inf", "5m", "1e-7", "(2)", "pi()"]
RANGES = ["rate", "increase", "avg_over_time", "last_over_time", "deriv", "absent_over_time"]
PLAIN = ["abs", "round", "timestamp", "sort", "absent", "histogram_count", "hour", "info", "ln"]
FOLDING = ["sum", "avg", "min", "max", "count", "group", "stddev", "stdvar"]
PICKING = ["topk", "bottomk", "quantile", "limitk", "limit_ratio"]
ARITHMETIC = ["+", "-", "*", "/", "%", "^", "atan2"]
COMPARISONS = ["==", "!=", ">", "<", ">=", "<="]


class Queries:
    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def one(self) -> str:
        kinds = [self._vector, self._vector, self._vector, self._scalar, self._matrix]
        return self._pick(kinds)(3)

    def mutated(self) -> str:
        """A query with a mistake in it, as typing and cutting make them."""
        text = list(self.one())
        for _ in range(self._random.randint(1, 4)):
            at = self._random.randrange(len(text) + 1)
            if self._random.random() < 0.5:
                del text[at : at + self._random.randint(1, 3)]
            else:
                text.insert(at, self._random.choice("(){}[]\"'`,=~!+-*/@:. 0aé\\\n\x00#%"))
        return "".join(text)

    def _pick(self, of: Sequence[Callable[[int], str]]) -> Callable[[int], str]:
        return self._random.choice(of)

    def _maybe(self, text: str, often: float = 0.3) -> str:
        return text if self._random.random() < often else ""

    def _quoted(self, text: str) -> str:
        if "`" not in text and self._random.random() < 0.3:
            return f"`{text}`"
        mark = self._random.choice("\"'")
        escaped = text.replace("\\", "\\\\").replace(mark, f"\\{mark}").replace("\n", "\\n")
        return f"{mark}{escaped}{mark}"

    def _matchers(self) -> str:
        said = []
        for _ in range(self._random.randint(0, 3)):
            sign = self._random.choice(["=", "!=", "=~", "!~"])
            value = self._random.choice(PATTERNS if "~" in sign else VALUES)
            said.append(f"{self._random.choice(LABELS)}{sign}{self._quoted(value)}")
        return ", ".join(said)

    def _named(self) -> str:
        if self._random.random() < 0.15:
            return f'{{__name__="odd.name", job="x", {self._matchers()}'.rstrip(", ") + "}"
        return self._random.choice(NAMES) + self._maybe(f"{{{self._matchers()}}}", 0.6)

    def _placed(self) -> str:
        at = self._random.choice([" @ start()", " @ end()", " @ 1700000000.5", " @ 0"])
        offset = f" offset {self._maybe('-')}{self._random.choice(DURATIONS)}"
        return self._maybe(at, 0.2) + self._maybe(offset, 0.2)

    def _labels(self) -> str:
        count = self._random.randint(0, 3)
        return "(" + ", ".join(self._random.sample(LABELS, count)) + ")"

    def _vector(self, depth: int) -> str:
        if depth <= 0:
            return self._named() + self._placed()
        kinds = [self._folded, self._called, self._joined, self._ranged, self._labelled, self._leaf]
        return self._pick(kinds)(depth - 1)

    def _leaf(self, depth: int) -> str:
        inner = self._vector(0)
        return self._random.choice([inner, inner, f"({self._vector(depth)})", f"-{inner}"])

    def _scalar(self, depth: int) -> str:
        if depth <= 0 or self._random.random() < 0.6:
            return self._random.choice(NUMBERS)
        if self._random.random() < 0.5:
            return f"scalar({self._vector(depth - 1)})"
        return f"({self._scalar(depth - 1)} {self._random.choice(ARITHMETIC)} time())"

    def _matrix(self, depth: int) -> str:
        span = self._random.choice(DURATIONS)
        if depth <= 0 or self._random.random() < 0.7:
            return f"{self._named()}[{span}]{self._placed()}"
        step = self._random.choice(["", "1m", "30s"])
        return f"({self._vector(depth - 1)})[1h:{step}]{self._placed()}"

    def _folded(self, depth: int) -> str:
        within = self._maybe(f" {self._random.choice(['by', 'without'])} {self._labels()} ", 0.7)
        inner = self._vector(depth)
        choice = self._random.random()
        if choice < 0.6:
            operator, inside = self._random.choice(FOLDING), f"({inner})"
        elif choice < 0.9:
            operator, inside = self._random.choice(PICKING), f"({self._scalar(depth)}, {inner})"
        else:
            operator, inside = (
                "count_values",
                f'("{self._random.choice(["v", "cluster"])}", {inner})',
            )
        return self._random.choice([f"{operator}{within}{inside}", f"{operator}{inside}{within}"])

    def _called(self, depth: int) -> str:
        if self._random.random() < 0.2:
            return f"histogram_quantile({self._scalar(depth)}, {self._vector(depth)})"
        return f"{self._random.choice(PLAIN)}({self._vector(depth)})"

    def _ranged(self, depth: int) -> str:
        if self._random.random() < 0.2:
            return f"quantile_over_time({self._scalar(depth)}, {self._matrix(depth)})"
        return f"{self._random.choice(RANGES)}({self._matrix(depth)})"

    def _labelled(self, depth: int) -> str:
        to, of = (self._random.choice(["job", "cluster", "exported_cluster"]) for _ in "ab")
        inner = self._vector(depth)
        if self._random.random() < 0.5:
            return f'label_join({inner}, "{to}", "-", "{of}", "job")'
        return f'label_replace({inner}, "{to}", "$1", "{of}", {self._quoted("(.*)")})'

    def _joined(self, depth: int) -> str:
        if self._random.random() < 0.3:
            sides = [self._vector(depth), self._scalar(depth)]
            self._random.shuffle(sides)
            operator = self._random.choice(ARITHMETIC + COMPARISONS)
            return f"{sides[0]} {operator} {sides[1]}"
        left, right = self._vector(depth), self._vector(depth)
        matching = self._maybe(f" {self._random.choice(['on', 'ignoring'])} {self._labels()}", 0.6)
        if self._random.random() < 0.3:
            return f"{left} {self._random.choice(['and', 'or', 'unless'])}{matching} {right}"
        operator = self._random.choice(ARITHMETIC + [f"{one} bool" for one in COMPARISONS])
        side = self._random.choice(["group_left", "group_right"])
        group = self._maybe(f" {side} (version)") if matching else ""
        return f"{left} {operator}{matching}{group} {right}"
