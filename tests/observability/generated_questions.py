"""Seeded queries about the real fleet's data, far more crooked than anyone would write."""

import random
from collections.abc import Callable

LABELS = {
    "temperature": ("sensor",),
    "up": ("job", "instance"),
    "requests_total": ("instance", "code", "method"),
    "memory_used_bytes": ("instance",),
    "queue_depth": ("namespace", "instance", "zone"),
    "gappy": ("part",),
    "odd": ("kind",),
    "lag_seconds": ("exported_cluster", "shard"),
    "build_info": ("instance", "version"),
    "only_north": ("instance",),
}
EVERY_LABEL = ("cluster", "cluster", "instance", "sensor", "code", "part", "exported_cluster")
MATCHERS = (
    'cluster="north"',
    'cluster!="north"',
    'cluster=~"north|south"',
    'cluster!~"edge.*"',
    'cluster=~".*"',
    'cluster=""',
    'instance="a:80"',
    'instance!="a:80"',
    'sensor=~"in|out"',
    'exported_cluster="blue"',
    'exported_cluster!=""',
)
FUNCTIONS = ("abs", "sgn", "sqrt", "-", "clamp_min", "histogram", "label_replace", "vector")
AGGREGATIONS = ("sum", "sum", "min", "max", "count", "group", "avg", "quantile")


class Questions:
    """Queries of a seed; only what is exact enough to be compared (no %, no floor of a sum)."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)

    def query(self) -> str:
        return self._vector(4)

    def _pick(self, *choices: str) -> str:
        return self._chance.choice(choices)

    def _vector(self, depth: int) -> str:
        if depth == 0:
            return self._leaf()
        kinds: list[tuple[Callable[[int], str], int]] = [
            (lambda _: self._leaf(), 2),
            (self._aggregation, 6),
            (self._with_scalar, 3),
            (self._join, 5),
            (self._set_operation, 3),
            (self._function, 3),
            (lambda _: self._first(), 1),
        ]
        chosen = self._chance.choices([kind for kind, _ in kinds], [often for _, often in kinds])
        return chosen[0](depth - 1)

    def _selector(self, *metrics: str) -> str:
        metric = self._pick(*(metrics or tuple(LABELS)))
        matcher = self._pick(*MATCHERS) if self._chance.random() < 0.4 else ""
        return f"{metric}{{{matcher}}}" if matcher else metric

    def _leaf(self) -> str:
        kind = self._chance.random()
        if kind < 0.2:
            return f"rate({self._selector('requests_total')}[5m])"
        if kind < 0.3:
            return f"max_over_time({self._selector()}[3m])"
        if kind < 0.4:
            return f"{self._selector()} offset 3m"
        return self._selector()

    def _labels(self, most: int = 3) -> str:
        return ", ".join({self._pick(*EVERY_LABEL) for _ in range(self._chance.randint(0, most))})

    def _aggregation(self, depth: int) -> str:
        operator = self._pick(*AGGREGATIONS)
        modifier = self._pick("by", "by", "without", "")
        grouping = f" {modifier} ({self._labels()}) " if modifier else ""
        parameter = "0.7, " if operator == "quantile" else ""
        return f"{operator}{grouping}({parameter}{self._vector(depth)})"

    def _first(self) -> str:
        grouping = self._pick("", "by (sensor) ", "by (cluster) ", "without (cluster) ")
        operator, limit = self._pick("topk", "bottomk"), self._pick("1", "2", "5")
        return f"{operator} {grouping}({limit}, {self._selector('temperature')})"

    def _scalar(self, depth: int) -> str:
        if depth and self._chance.random() < 0.3:
            return f"scalar(sum({self._vector(depth - 1)}))"
        return self._pick("2", "0.5", "-3", "time()", "10")

    def _with_scalar(self, depth: int) -> str:
        operator = self._pick("+", "-", "*", "/", ">", "<", "> bool", "!= bool", ">=")
        sides = [f"({self._vector(depth)})", f"({self._scalar(depth)})"]
        self._chance.shuffle(sides)
        return f"{sides[0]} {operator} {sides[1]}"

    def _matching(self) -> str:
        if self._chance.random() < 0.5:
            return ""
        return f"{self._pick('on', 'ignoring')} ({self._labels(2)})"

    def _join(self, depth: int) -> str:
        operator = self._pick("+", "-", "*", "/", ">", "<", "> bool", "==")
        matching = self._matching()
        if matching:
            matching += self._pick("", "", " group_left ()", " group_right ()", " group_left (job)")
        return f"({self._vector(depth)}) {operator} {matching} ({self._vector(depth)})"

    def _set_operation(self, depth: int) -> str:
        operator = self._pick("and", "or", "unless")
        return f"({self._vector(depth)}) {operator} {self._matching()} ({self._vector(depth)})"

    def _function(self, depth: int) -> str:
        name = self._pick(*FUNCTIONS)
        if name == "histogram":
            grouping = self._pick("le", "le, cluster", "le, namespace")
            return f"histogram_quantile(0.8, sum by ({grouping}) (latency_seconds_bucket))"
        if name == "label_replace":
            target, source = self._pick(*EVERY_LABEL, "new"), self._pick(*EVERY_LABEL)
            return f'label_replace({self._vector(depth)}, "{target}", "x$1", "{source}", "(.).*")'
        if name == "vector":
            return f"vector({self._scalar(depth)})"
        more = f", {self._scalar(depth)}" if name == "clamp_min" else ""
        return f"{name}({self._vector(depth)}{more})"
