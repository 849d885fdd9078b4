"""One cluster of the fleet is hostile: it fails by itself, with its reason, and the others answer.

Asked at every door through which a person or a program asks the fleet.
"""

import re
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from tests.fakes import hostile
from tests.fakes.hostile import Answer, says
from tests.observability.hostile_fleet import DOORS, WAIT, Fleet, check, connected, fleet

pytestmark = pytest.mark.django_db

__all__ = ["connected", "fleet"]

MOST_GROWTH = 64 * hostile.MIB


def bad(result: object) -> Answer:
    return says("200 OK", {"status": "success", "data": result})


NO_JSON = "CLUSTER_UNREACHABLE: Prometheus answers 200 and no valid JSON"
BROKE = "CLUSTER_UNREACHABLE: the connection broke"
ANY = "CLUSTER_UNREACHABLE: ."
AWAY = "CLUSTER_UNREACHABLE: Prometheus answers "
PACKED = "CLUSTER_UNREACHABLE: it answers compressed"
LARGE = "CLUSTER_UNREACHABLE: the answer's header is larger"
PIECE = '{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__na'
METADATA = "http://169.254.169.254/latest/meta-data/iam"
BEHAVIOURS: dict[str, tuple[Answer, str]] = {
    "truncated JSON": (says("200 OK", PIECE), NO_JSON),
    "a body shorter than its length": (
        says("200 OK", PIECE, length=5000),
        f"{BROKE} in the middle",
    ),
    "a body longer than its length": (says("200 OK", "{}" + PIECE, length=2), ANY),
    "no number as its length": (
        hostile.raw(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n{}"),
        BROKE,
    ),
    "two lengths": (says("200 OK", "{}", "Content-Length: 900"), BROKE),
    "a length and chunks": (says("200 OK", "{}", "Transfer-Encoding: chunked"), BROKE),
    "a gzip bomb": (hostile.bomb("Content-Encoding: gzip"), PACKED),
    "a gzip bomb that is called by no name": (hostile.bomb(), NO_JSON),
    "a bomb in another coding": (hostile.bomb("Content-Encoding: br"), PACKED),
    "a redirect": (says("302 Found", "", f"Location: {METADATA}"), AWAY + "302"),
    "a lasting redirect": (says("308 Moved", "", f"Location: {METADATA}"), AWAY + "308"),
    "a page": (says("200 OK", "<html>sign in</html>", "Content-Type: text/html"), NO_JSON),
    "an image": (says("200 OK", b"\x89PNG\r\n\x1a\n\xff\xfe", "Content-Type: image/png"), NO_JSON),
    "500": (says("500 Oh", "no"), AWAY + "500"),
    "500 with what it was shown": (hostile.echo, ANY),
    "429": (says("429 Slow down", "no", "Retry-After: 120"), "RATE_LIMITED: .* 120 s"),
    "401 with a challenge": (
        says("401 No", "", "WWW-Authenticate: Bearer"),
        "CREDENTIALS_INVALID: Prometheus refuses",
    ),
    "no HTTP": (hostile.raw(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"), BROKE),
    "a header without end": (hostile.raw(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 50_000), LARGE),
    "interim answers without end": (hostile.raw(b"HTTP/1.1 103 Early\r\n\r\n" * 500), BROKE),
    "nothing": (hostile.raw(b""), BROKE),
    "a list": (says("200 OK", []), NO_JSON),
    "nothing but brackets": (says("200 OK", "[" * 200_000), NO_JSON),
    "no UTF-8": (says("200 OK", PIECE.encode() + b'\xff":1}}]}}'), NO_JSON),
    "no data": (says("200 OK", {"status": "success"}), ANY),
    "data that is text": (bad("x"), NO_JSON),
    "success that is none": (says("200 OK", {"status": "ok", "data": {}}), ANY),
}


@pytest.mark.parametrize("which", BEHAVIOURS)
def test_a_hostile_answer_is_the_failure_of_its_cluster_alone(
    api: APIClient, fleet: Fleet, which: str
) -> None:
    answer, words = BEHAVIOURS[which]
    fleet.add(answer)
    check(api, words)


SHAPES: dict[str, Any] = {
    "an object for a list": {"resultType": "vector", "result": {}},
    "numbers for series": {"resultType": "vector", "result": [1, 2]},
    "no metric": {"resultType": "vector", "result": [{"value": [1, "1"]}]},
    "labels that are numbers": {
        "resultType": "vector",
        "result": [{"metric": {"a": 1}, "value": [1, "1"]}],
    },
    "another type": {"resultType": "novel", "result": []},
    "samples of objects": {"resultType": "vector", "result": [{"metric": {}, "value": [1, {}]}]},
    "samples of words": {"resultType": "vector", "result": [{"metric": {}, "value": [1, "<b>"]}]},
    "a matrix of words": {"resultType": "matrix", "result": [{"metric": {}, "values": "x"}]},
}


@pytest.mark.parametrize("which", SHAPES)
def test_series_of_another_shape_are_not_passed_on(
    api: APIClient, fleet: Fleet, which: str
) -> None:
    fleet.add(bad(SHAPES[which]))
    check(api, ANY, doors=["prometheus"])


@pytest.mark.parametrize("name", ["0-bad", "f-bad", "z-bad"])
@pytest.mark.parametrize("answer", [hostile.hang, hostile.drip])
def test_one_that_takes_its_time_is_waited_for_until_the_deadline(
    api: APIClient, fleet: Fleet, name: str, answer: Answer
) -> None:
    fleet.add(answer, name)
    doors = {"0-bad": "query", "f-bad": "query_range", "z-bad": "prometheus"}
    check(api, f"QUERY_TIMEOUT: no answer in {WAIT} s", name, [doors[name]])


GIGABYTES: dict[str, Answer] = {
    "announced": hostile.gigabyte(f"Content-Length: {hostile.GIB}"),
    "in chunks": hostile.gigabyte("Transfer-Encoding: chunked", chunked=True),
    "until it closes": hostile.gigabyte("Connection: close"),
}


@pytest.mark.parametrize("which", GIGABYTES)
def test_a_gigabyte_is_not_taken_in(api: APIClient, fleet: Fleet, which: str) -> None:
    heard = fleet.add(GIGABYTES[which])
    before = _memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")
    check(api, "CLUSTER_UNREACHABLE: the answer is larger than 32 MiB")
    assert _memory("VmHWM") - before < MOST_GROWTH
    # Each door hung up soon after the cap.
    assert heard.taken < len(DOORS) * 2 * 32 * hostile.MIB


def _memory(field: str) -> int:
    found = re.search(rf"{field}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found
    return int(found[1]) * 1024
