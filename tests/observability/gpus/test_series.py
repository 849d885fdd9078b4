"""A cluster's answer of DCGM's series: however it is written, it reads as its samples do."""

import json
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.clusters.connection import Connection
from apps.http import Reply, Upstream
from apps.observability.collect import gpu_series
from apps.observability.collect.gpu_rounds import Heard
from apps.observability.federation.outcome import SourceFailed
from apps.observability.sources import dcgm

NOW = timezone.now()
SERVER = Upstream("http://127.0.0.1:1", kind="prometheus")
TARGET = Connection(UUID(int=7), "gpu-oregon", "SPOKE", SERVER, {})
NAMES = st.sampled_from(
    [*dcgm.ASKED, "DCGM_FI_DEV_GPU_UTIL", "DCGM_FI_PROF_GR_ENGINE_ACTIVE", "another"]
)
TEXTS = st.sampled_from(["a", 'quo"ted', '"__name__":"x"', "back\\slash", "ü", "\u2028", "", "\0"])
LABELS = st.fixed_dictionaries(
    {"UUID": st.sampled_from(["GPU-1", "GPU-2", 'GPU-"3'])},
    optional={
        "Hostname": st.sampled_from(["n1", "n2"]),
        "A_LABEL": TEXTS,
        "GPU_I_ID": st.sampled_from(["1", "2", "x"]),
        "GPU_I_PROFILE": TEXTS,
        "err_code": st.sampled_from(["31", "79"]),
        "exported_pod": TEXTS,
        "exported_namespace": TEXTS,
        "pod": st.sampled_from(["dcgm-exporter-1", "train-0"]),
        "zone": TEXTS,
    },
)
VALUES = st.sampled_from(
    ["0", "1", "0.5", "79", "NaN", "+Inf", "9223372036854775794", "2147483640"]
)


def read(samples: list[tuple[dict[str, str], str]], **written: Any) -> Heard:
    result = [
        {"metric": dict(sorted(labels.items())), "value": [0, one]} for labels, one in samples
    ]
    data = {"resultType": "vector", "result": result}
    body = json.dumps({"status": "success", "data": data}, **written).encode()
    return gpu_series.read(TARGET, NOW, SERVER, Reply(200, body, 0))


@settings(max_examples=150)
@given(st.lists(st.tuples(LABELS, NAMES, VALUES), max_size=12))
def test_an_answer_reads_as_its_samples(said: list[tuple[dict[str, str], str, str]]) -> None:
    samples = [({"__name__": name, **labels}, value) for labels, name, value in said]
    expected = dcgm.read((labels, float(value)) for labels, value in samples)
    for written in ({"separators": (",", ":")}, {"separators": (",", ":"), "ensure_ascii": False}):
        found = read(samples, **written)
        assert [one.reading for one in found.nodes] == [one for one in expected if one.node_name]
    assert read(samples) == found
    assert bool(found.problem) == any(not one.node_name for one in expected)


def test_the_time_of_a_node_is_that_of_its_scrape_and_never_ahead_of_ours() -> None:
    card = {"__name__": "DCGM_FI_DEV_GPU_TEMP", "UUID": "GPU-1", "Hostname": "n1"}
    for age, expected in ((7.0, 7.0), (-30.0, 0.0), (4000.0, 0.0)):
        at = {gpu_series.AT: "1", "Hostname": "n1", "UUID": "GPU-1"}
        (node,) = read([(card, "60"), (at, str(NOW.timestamp() - age))]).nodes
        assert (NOW - node.at).total_seconds() == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(
    "result", ["[[1]]", '[{"metric":{},"value":[0,"x"]}]', '[{"metric":[],"value":[0,"1"]}]', "{}"]
)
def test_what_is_no_vector_is_refused(result: str) -> None:
    body = f'{{"status":"success","data":{{"resultType":"vector","result":{result}}}}}'
    with pytest.raises(SourceFailed):
        gpu_series.read(TARGET, NOW, SERVER, Reply(200, body.encode(), 0))


def test_labels_that_are_none_are_refused_too() -> None:
    metric = '{"UUID":"GPU-1","__name__":"DCGM_FI_DEV_GPU_TEMP","gpu":5}'
    result = f'[{{"metric":{metric},"value":[0,"1"]}}]'
    body = f'{{"status":"success","data":{{"resultType":"vector","result":{result}}}}}'
    with pytest.raises(SourceFailed):
        gpu_series.read(TARGET, NOW, SERVER, Reply(200, body.encode(), 0))
