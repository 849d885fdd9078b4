"""An XID on its way from the exporter's series to the card's findings, and to who watches."""

from typing import Any

import orjson
import pytest
from asgiref.sync import async_to_sync
from django.utils import timezone

from apps.observability.actions.gpus import collecting
from apps.observability.collect import gpu_series
from apps.observability.federation import upstreams
from apps.observability.models import GpuCard
from apps.streaming.envelope import Event, body_of
from tests.factories import make_cluster
from tests.fakes.upstream import prometheus, serve

pytestmark = pytest.mark.django_db
LABELS = {"Hostname": "n1", "gpu": "0", "UUID": "GPU-bbbbbbbb-0000-4000-8000-000000000000"}


@pytest.fixture(autouse=True)
def nothing_known_of_before() -> Any:
    upstreams.forget()
    yield
    upstreams.forget()


def series(name: str, value: float, **labels: str) -> dict[str, Any]:
    now = timezone.now().timestamp()
    return {"metric": {"__name__": name, **LABELS, **labels}, "value": [now, str(value)]}


@pytest.mark.parametrize(
    ("said", "codes", "health", "words", "do"),
    [
        (
            [series("DCGM_FI_DEV_XID_ERRORS", 79)],
            ["XID_79"],
            "CRITICAL",
            "XID 79: The GPU has fallen off the bus",
            "Drain the node and reboot it",
        ),
        (
            [series("DCGM_FI_DEV_XID_ERRORS", 119, err_code="119", err_msg="GSP RPC timeout")],
            ["XID_119"],
            "CRITICAL",
            "XID 119: The GPU's system processor (GSP) did not answer",
            "Drain the node and reset the GPU",
        ),
        (
            # The last one, and those that were counted within the exporter's window.
            [
                series("DCGM_FI_DEV_XID_ERRORS", 13),
                series("DCGM_EXP_XID_ERRORS_COUNT", 2, xid="94"),
                series("DCGM_EXP_XID_ERRORS_COUNT", 0, xid="48"),
            ],
            ["XID_94", "XID_13"],
            "WARNING",
            "XID 94: A memory error that was contained to one application",
            "Restart that application",
        ),
        (
            [series("DCGM_FI_DEV_XID_ERRORS", 999)],
            ["XID_999"],
            "WARNING",
            "XID 999: An error that NVIDIA's catalog does not explain",
            "Look at the kernel's log",
        ),
    ],
)
def test_an_xid_of_the_exporter_is_told_with_its_meaning_and_what_to_do(
    said: list[dict[str, Any]],
    codes: list[str],
    health: str,
    words: str,
    do: str,
    published: list[Event],
    django_capture_on_commit_callbacks: Any,
) -> None:
    scraped = {"metric": {gpu_series.AT: "1", **LABELS}, "value": series("", 0)["value"]}
    with serve(prometheus([series("DCGM_FI_DEV_GPU_TEMP", 50), *said, scraped])) as server:
        make_cluster("gpu-oregon", prometheus_url=server.url)
        with django_capture_on_commit_callbacks(execute=True):
            async_to_sync(collecting.by_series)()
    row = GpuCard.objects.get()
    assert [one["code"] for one in row.findings] == codes
    (card,) = next(
        orjson.loads(body_of(one))["payload"]["gpus"]
        for one in published
        if one.event_type == "GPU_UPDATE"
    )
    assert (card["health"], [one["code"] for one in card["findings"]]) == (health, codes)
    assert card["findings"][0]["words"] == words
    assert card["findings"][0]["do"].startswith(do)
