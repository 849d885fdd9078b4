"""Webhooks over kept connections of the real web process, and what else comes there."""

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing
from http.client import HTTPMessage, parse_headers
from urllib.parse import urlsplit

import pytest

from apps.clusters.actions import webhook_tokens
from apps.clusters.models import Cluster
from apps.observability.models import Alert
from tests.contract.conftest import Platform
from tests.factories import make_cluster
from tests.observability.alerts.posting import alert, body

pytestmark = pytest.mark.django_db(transaction=True)


class Line:
    """One connection, and what was answered on it."""

    def __init__(self, platform: Platform, cluster: Cluster, token: str) -> None:
        place = urlsplit(platform.url)
        self.socket = socket.create_connection((place.hostname, place.port), timeout=20)
        self.file = self.socket.makefile("rb")
        self.path, self.token = f"/api/v1/alerts/webhook/{cluster.pk}", token

    def post(self, number: int, *, token: str = "", **headers: str) -> bytes:
        told = body(alert(f"Alert{number}", fingerprint=f"{number:016x}"))
        said = {
            "Host": "127.0.0.1",
            "User-Agent": "Alertmanager/0.28.1",
            "Content-Length": str(len(told)),
            "Authorization": f"Bearer {token or self.token}",
            "Content-Type": "application/json",
            "Accept-Encoding": "gzip",
        } | {name.replace("_", "-"): value for name, value in headers.items()}
        lines = [f"POST {self.path} HTTP/1.1", *(f"{name}: {text}" for name, text in said.items())]
        return "\r\n".join([*lines, "", ""]).encode() + told

    def send(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.socket.sendall(piece)

    def answer(self) -> tuple[int, bytes, HTTPMessage]:
        status = int(self.file.readline().split()[1])
        headers = parse_headers(self.file)
        # Twisted says of what it cannot read that it cannot, and no more.
        return status, self.file.read(int(headers.get("Content-Length") or 0)), headers

    def close(self) -> None:
        self.file.close()
        self.socket.close()


@pytest.fixture
def lines(platform: Platform) -> Iterator[Iterator[Line]]:
    """Connections, one after the other; over the first of them an alert came, and was let in."""
    cluster = make_cluster("red-1")
    token = webhook_tokens.rotate(cluster)
    with ExitStack() as stack:

        def connect() -> Line:
            return stack.enter_context(closing(Line(platform, cluster, token)))

        first = connect()
        first.send(first.post(0))
        assert first.answer()[:2] == (200, b'{"stored":1,"unusable":0}')
        yield iter(connect, None)


@pytest.fixture
def line(lines: Iterator[Line]) -> Line:
    return next(lines)


def stored() -> set[str]:
    return set(Alert.objects.values_list("alertname", flat=True))


def test_posts_that_do_not_wait_are_stored_and_answered_in_their_order(line: Line) -> None:
    posts = [line.post(number, X_Request_ID=f"request-{number:08}") for number in range(1, 40)]
    line.send(b"".join(posts))
    for number in range(1, 40):
        status, content, headers = line.answer()
        assert (status, json.loads(content)) == (200, {"stored": 1, "unusable": 0})
        assert headers["X-Request-ID"] == f"request-{number:08}"
        assert headers["Content-Type"] == "application/json"
    assert stored() == {f"Alert{number}" for number in range(40)}


def test_a_post_may_come_in_any_pieces(line: Line) -> None:
    post = line.post(1)
    line.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    line.send(*[post[at : at + 1] for at in range(len(post))])
    assert line.answer()[0] == 200
    for cut in range(20, len(post), 97):
        line.send(post[:cut], post[cut:])
        assert line.answer()[0] == 200
    assert stored() == {"Alert0", "Alert1"}


def test_whatever_else_comes_on_the_connection_is_answered_as_ever(line: Line) -> None:
    other = b"GET /api/v1/clusters HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    line.send(line.post(1), other, line.post(2))
    assert [line.answer()[0] for _ in range(3)] == [200, 401, 200]
    assert stored() == {"Alert0", "Alert1", "Alert2"}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"token": "another"}, 401),
        ({"Content_Type": "text/plain"}, 415),
        ({"X_Odd": "caf\N{LATIN SMALL LETTER E WITH ACUTE}"}, 200),
        ({"X_Empty": ""}, 200),
        ({"X_Wide": " " * 12_000 + "\x7f"}, 200),
        ({"Connection": "close"}, 200),
    ],
)
def test_what_is_out_of_the_ordinary_is_left_to_who_knows_it(
    line: Line, headers: dict[str, str], status: int
) -> None:
    line.send(line.post(1, **headers))
    assert line.answer()[0] == status
    assert ("Alert1" in stored()) == (status == 200)


def test_a_head_that_does_not_end_is_not_kept(line: Line) -> None:
    line.send(line.post(1, Accept="x" * 20_000))
    assert line.file.readline() == b""
    assert stored() == {"Alert0"}


def test_a_body_that_is_too_large_is_refused(line: Line) -> None:
    length = 2**20 + 1
    head, _, _ = line.post(1, Content_Length=str(length)).partition(b"\r\n\r\n")
    line.send(head, b"\r\n\r\n", b" " * length)
    assert line.answer()[0] == 413


@pytest.mark.parametrize(
    "twisted",
    [
        "Transfer-Encoding: chunked\r\n",
        "Content-Length: 5\r\n",
        " folded: over\r\n",
        "Authorization: Bearer another\r\n",
        "No colon\r\n",
        "Content-Length : 5\r\n",
    ],
)
def test_no_request_is_hidden_in_the_body_of_another(line: Line, twisted: str) -> None:
    hidden = line.post(7)
    head, _, content = line.post(1).partition(b"\r\n\r\n")
    length = f"Content-Length: {len(content)}".encode()
    larger = head.replace(length, f"Content-Length: {len(hidden)}".encode())
    line.send(larger + b"\r\n" + twisted.encode() + b"\r\n" + hidden)
    assert line.answer()[0] in {400, 401}
    assert "Alert7" not in stored()


def test_a_body_that_is_no_webhook_is_refused_and_the_next_is_taken(line: Line) -> None:
    good = line.post(1)
    head, _, content = good.partition(b"\r\n\r\n")
    line.send(head + b"\r\n\r\n" + b"{" * len(content), good)
    status, told, _ = line.answer()
    assert status == 400
    assert json.loads(told)["error"]["code"]
    assert line.answer()[0] == 200


def test_many_that_are_refused_at_once_are_each_answered(line: Line) -> None:
    head = line.post(1, Content_Length="1").partition(b"\r\n\r\n")[0]
    line.send((head + b"\r\n\r\n{") * 2000, line.post(2))
    assert {line.answer()[0] for _ in range(2000)} == {400}
    assert line.answer()[0] == 200


def test_a_connection_on_which_a_token_is_first_seen_stays_in_the_lane(line: Line) -> None:
    cluster = make_cluster("blue-1")
    line.path = f"/api/v1/alerts/webhook/{cluster.pk}"
    line.token = webhook_tokens.rotate(cluster)
    large = line.post(1, X_Wide="x" * 10_000) + line.post(2, X_Wide="x" * 10_000)
    line.send(large, line.post(3))

    answers = [line.answer() for _ in range(3)]

    assert [status for status, *_ in answers] == [200, 200, 200]
    # Daphne says who it is.
    assert {headers["Server"] for *_, headers in answers} == {None}
    assert stored() == {"Alert0", "Alert1", "Alert2", "Alert3"}


def test_who_is_refused_hears_so_and_may_go_on_with_the_right_token(line: Line) -> None:
    line.send(line.post(1, token="guess"), line.post(2))

    answers = [line.answer() for _ in range(2)]

    assert [status for status, *_ in answers] == [401, 200]
    assert {headers["Server"] for *_, headers in answers} == {"daphne"}
    assert stored() == {"Alert0", "Alert2"}


def test_a_token_that_is_replaced_is_refused_on_a_kept_connection_too(line: Line) -> None:
    line.send(line.post(1), line.post(1))
    assert [line.answer()[0] for _ in range(2)] == [200, 200]
    old, line.token = line.token, webhook_tokens.rotate(Cluster.objects.get())
    line.send(line.post(2, token=old), line.post(3, token=old))
    assert [line.answer()[0] for _ in range(2)] == [401, 401]
    line.send(line.post(4))
    assert line.answer()[0] == 200
    assert stored() == {"Alert0", "Alert1", "Alert4"}


def test_what_was_brought_by_who_hung_up_is_stored(lines: Iterator[Line]) -> None:
    gone, there = next(lines), next(lines)
    gone.send(gone.post(1))
    gone.socket.shutdown(socket.SHUT_RDWR)
    # One thread stores all, in the order in which they came.
    there.send(there.post(2))
    assert there.answer()[0] == 200
    assert stored() == {"Alert0", "Alert1", "Alert2"}
