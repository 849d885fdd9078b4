"""Answers as Prometheus prints them, made by seed: matrices of long series, vectors of many."""

import random
from collections.abc import Iterator
from itertools import count

BEGIN = 1_767_225_600
STEP, POINTS = 15, 720
LABELS = b'"instance":"10.0.%d.%d:9100","job":"node-exporter","namespace":"openshift-monitoring"'


def matrix(seed: str, size: int) -> bytes:
    """A range query's answer of at least so many bytes, 720 points a series."""
    chance = random.Random(seed)
    pool = [f"{chance.uniform(0, 1e4)!r}".encode() for _ in range(4096)]
    pool += [b"%d" % chance.randrange(10**6) for _ in range(2048)]
    return _answer(b"matrix", _long(chance, pool, size))


def _long(chance: random.Random, pool: list[bytes], size: int) -> Iterator[bytes]:
    made = 0
    for number in count():
        if made >= size:
            return
        values = chance.choices(pool, k=POINTS)
        samples = b",".join(
            b'[%d,"%s"]' % (BEGIN + STEP * at, value) for at, value in enumerate(values)
        )
        labels = LABELS % (number // 250, number % 250)
        series = b'{"metric":{"__name__":"node_cpu_seconds_total",%s},"values":[%s]}'
        made += len(series % (labels, samples)) + 1
        yield series % (labels, samples)


def vector(seed: str, number: int) -> bytes:
    """An instant query's answer of so many series."""
    chance = random.Random(seed)
    rows = (
        b'{"metric":{"__name__":"kube_pod_info",%s,"node":"worker-%d","pod":"web-%d-%x"},'
        b'"value":[%d.781,"%s"]}'
        % (
            LABELS % (at // 250, at % 250),
            at % 50,
            at,
            chance.getrandbits(40),
            BEGIN,
            f"{chance.random() * 1e3!r}".encode(),
        )
        for at in range(number)
    )
    return _answer(b"vector", rows)


def _answer(kind: bytes, rows: Iterator[bytes]) -> bytes:
    head = b'{"status":"success","data":{"resultType":"%s","result":[' % kind
    return head + b",".join(rows) + b"]}}"
