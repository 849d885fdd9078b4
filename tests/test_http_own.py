"""What is never asked: this machine itself, unless that is allowed, and our own stores."""

import socket
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings as now

from apps.http import Call, Refusal, Stage, Unreachable, Upstream, ask, refuse_beforehand
from tests.fakes import upstream as fakes

# Every spelling that leads to this machine by one road or another.
HERE = [
    "127.0.0.1",
    "127.8.9.10",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "[::ffff:0:7f00:1]",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "api.localhost",
    "ip6-localhost",
]


@pytest.fixture
def server() -> Iterator[fakes.Upstream]:
    with fakes.serve({"/": (200, "ok")}) as running:
        yield running


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Names and where they lead; whatever else is looked up is not known."""
    known: dict[str, list[str]] = {}

    def getaddrinfo(host: str, port: object, **options: object) -> list[Any]:
        if host not in known:
            raise socket.gaierror("not known")
        return [
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (found, 0, 0, 0))
            if ":" in found
            else (socket.AF_INET, socket.SOCK_STREAM, 6, "", (found, 0))
            for found in known[host]
        ]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return known


async def refused(url: str) -> str:
    with pytest.raises(Unreachable) as caught:
        await ask(Upstream(url), Call("/", deadline=5))
    assert caught.value.stage == Stage.DNS
    return caught.value.reason


@pytest.fixture
def database_at(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Say that our database is elsewhere, to everybody but those who hold it already."""

    def move(at: str, port: str, **options: str) -> None:
        for name, value in (("HOST", at), ("PORT", port), ("OPTIONS", options)):
            monkeypatch.setitem(now.DATABASES["default"], name, value)

    return move


@pytest.mark.parametrize("host", HERE)
async def test_this_machine_is_not_asked_unless_that_is_allowed(
    host: str, settings: Any, names: dict[str, list[str]], connected: list[str]
) -> None:
    settings.ALLOW_LOOPBACK_UPSTREAMS = False
    names |= {name.strip("[]").lower(): ["127.0.0.1", "::1"] for name in HERE}
    url = f"http://{host}:9090"
    assert "AIOPS_ALLOW_LOOPBACK_UPSTREAMS" in await refused(url)
    assert refuse_beforehand(url) == Refusal.LOOPBACK
    assert connected == []
    settings.ALLOW_LOOPBACK_UPSTREAMS = True
    assert refuse_beforehand(url) is None


async def test_a_name_that_leads_to_this_machine_is_refused_when_it_is_connected_to(
    server: fakes.Upstream, settings: Any, names: dict[str, list[str]]
) -> None:
    names["innocent.example.net"] = ["127.0.0.1"]
    url = f"http://innocent.example.net:{server.port}"
    assert refuse_beforehand(url) is None
    settings.ALLOW_LOOPBACK_UPSTREAMS = False
    assert "AIOPS_ALLOW_LOOPBACK_UPSTREAMS" in await refused(url)
    settings.ALLOW_LOOPBACK_UPSTREAMS = True
    assert (await ask(Upstream(url), Call("/", deadline=5))).body == b"ok"


async def test_private_networks_are_where_clusters_are(settings: Any) -> None:
    settings.ALLOW_LOOPBACK_UPSTREAMS = False
    for host in ("10.0.0.1", "192.168.1.1", "172.16.0.9", "100.64.0.1", "[fd12::1]"):
        assert refuse_beforehand(f"https://{host}:6443") is None


def own_urls() -> list[str]:
    database = now.DATABASES["default"]
    return [
        f"http://127.0.0.1:{database['PORT']}",
        *(f"http://127.0.0.1:{urlsplit(url).port}" for url in (now.EVENTS_REDIS_URL,)),
    ]


async def test_our_own_database_and_redis_are_never_asked(connected: list[str]) -> None:
    # Those that serve this very test.
    for url in own_urls():
        for same in (
            url,
            url.replace("127.0.0.1", "[::ffff:127.0.0.1]"),
            url.replace(".1:", ".2:"),
        ):
            assert await refused(same) == Refusal.OWN
            assert refuse_beforehand(same) == Refusal.OWN
        assert refuse_beforehand(url.replace("127.0.0.1", "localhost")) == Refusal.OWN
    assert connected == []


@pytest.mark.parametrize(
    ("host", "options", "url"),
    [
        ("db.example.net", {}, "http://db.example.net:5433"),
        ("db.example.net", {}, "http://other-name.example.net:5433"),
        ("db.example.net", {}, "http://10.9.8.7:5433"),
        ("db.example.net", {}, "http://[64:ff9b::a09:807]:5433"),
        ("10.9.8.7", {}, "http://other-name.example.net:5433"),
        ("", {"host": "first.example.net,db.example.net"}, "http://10.9.8.7:5433"),
        ("", {"hostaddr": "10.9.8.7"}, "http://10.9.8.7:5433"),
        ("/run/postgresql", {}, "http://127.0.0.1:5433"),
        ("", {}, "http://localhost:5433"),
    ],
)
async def test_our_database_is_known_by_any_name_that_leads_to_it(
    host: str,
    options: dict[str, str],
    url: str,
    database_at: Callable[..., None],
    names: dict[str, list[str]],
    connected: list[str],
) -> None:
    for name in ("db.example.net", "other-name.example.net"):
        names[name] = ["10.9.8.7"]
    names |= {"first.example.net": ["10.9.8.6"], "localhost": ["127.0.0.1"]}
    database_at(host, "5433", **options)
    assert await refused(url) == Refusal.OWN
    assert connected == []


async def test_a_neighbour_of_our_database_at_another_port_may_be_asked(
    server: fakes.Upstream, database_at: Callable[..., None]
) -> None:
    database_at("127.0.0.1", "5433")
    assert (await ask(Upstream(server.url), Call("/", deadline=5))).body == b"ok"


async def test_where_our_database_is_not_known_nobody_is_asked_at_its_port(
    server: fakes.Upstream,
    database_at: Callable[..., None],
    names: dict[str, list[str]],
    connected: list[str],
) -> None:
    database_at("db.example.net", str(server.port))
    assert "whose name is not known" in await refused(server.url)
    assert connected == []


@pytest.mark.parametrize(
    ("answer", "was_reset"),
    [
        (fakes.Behaviour.LEAVE, True),
        (fakes.Behaviour.CUT, False),
        (fakes.Raw(b"HTTP/1.1 200 X\r\nContent-Length: x\r\n\r\n"), False),
    ],
)
async def test_a_call_that_broke_before_a_word_came_is_told_apart(
    server: fakes.Upstream, answer: fakes.Answer, was_reset: bool
) -> None:
    server.answers["/"] = answer
    with pytest.raises(Unreachable) as caught:
        await ask(Upstream(server.url), Call("/", deadline=5))
    assert caught.value.was_reset == was_reset
