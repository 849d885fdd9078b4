"""Names and addresses: looked up for all at once, checked, and connected to as checked."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from apps.http import Call, Stage, Unreachable, Upstream, ask, is_usable
from tests.fakes import upstream as fakes

Look = Callable[[str], list[str]]


@pytest.fixture
def server() -> Iterator[fakes.Upstream]:
    with fakes.serve({"/": (200, "ok")}) as running:
        yield running


@pytest.fixture
def dns(monkeypatch: pytest.MonkeyPatch) -> Callable[[Look], list[str]]:
    """Give names to addresses; what was looked up is noted."""
    asked: list[str] = []

    def give(look: Look) -> list[str]:
        def getaddrinfo(host: str, port: object, **options: object) -> list[Any]:
            asked.append(host)
            return [
                (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (found, 0, 0, 0))
                if ":" in found
                else (socket.AF_INET, socket.SOCK_STREAM, 6, "", (found, 0))
                for found in look(host)
            ]

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        return asked

    return give


FORBIDDEN = [
    "169.254.169.254",
    "169.254.170.2",
    "0.0.0.0",
    "0.1.2.3",
    "224.0.0.1",
    "255.255.255.255",
    "100.100.100.200",
    "168.63.129.16",
    "fe80::1",
    "::",
    "ff02::1",
    "fd00:ec2::254",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "64:ff9b:1::a9fe:a9fe",
    "::ffff:0:a9fe:a9fe",
    "fd00:ec2::23",
    "fd20:ce::254",
]


@pytest.mark.parametrize("address", FORBIDDEN)
async def test_where_no_cluster_can_be_nobody_is_asked(
    address: str, dns: Callable[[Look], list[str]], connected: list[str]
) -> None:
    dns(lambda host: [address])
    shown = f"[{address}]" if ":" in address else address
    for host in ("innocent.example.net", shown):
        with pytest.raises(Unreachable) as caught:
            await ask(Upstream(f"http://{host}:9090"), Call("/latest/meta-data"))
        assert caught.value.stage == Stage.DNS
    assert connected == []


@pytest.mark.parametrize(
    "host", ["2852039166", "0xA9FEA9FE", "169.254.43518", "0251.0376.0251.0376", "127.1", "0x7f.1"]
)
async def test_old_spellings_of_an_address_are_no_addresses(
    host: str, connected: list[str]
) -> None:
    with pytest.raises(Unreachable):
        await ask(Upstream(f"http://{host}"), Call("/"))
    assert connected == []
    assert not is_usable(f"http://{host}")


async def test_a_name_that_leads_elsewhere_a_moment_later_gains_nothing(
    server: fakes.Upstream, dns: Callable[[Look], list[str]], connected: list[str]
) -> None:
    answers = iter([["127.0.0.1"], ["169.254.169.254"], ["169.254.169.254"]])
    asked = dns(lambda host: next(answers))
    upstream = Upstream(f"http://rebinding.example.net:{server.port}")
    assert (await ask(upstream, Call("/"))).body == b"ok"
    # Its connection is broken, so the next question needs a new one, and perhaps a new look.
    server.served_by_one = 0
    for _ in range(2):
        with pytest.raises(Unreachable):
            await ask(upstream, Call("/", deadline=1))
    assert set(connected) == {"127.0.0.1"}
    assert asked


async def test_of_several_addresses_a_forbidden_one_is_left_out(
    server: fakes.Upstream, dns: Callable[[Look], list[str]], connected: list[str]
) -> None:
    dns(lambda host: ["169.254.169.254", "127.0.0.1"])
    reply = await ask(Upstream(f"http://two.example.net:{server.port}"), Call("/"))
    assert (reply.body, connected) == (b"ok", ["127.0.0.1"])


async def test_of_several_addresses_one_that_answers_is_enough(
    server: fakes.Upstream, dns: Callable[[Look], list[str]]
) -> None:
    dns(lambda host: ["127.0.0.2", "::1", "127.0.0.1"])
    reply = await ask(Upstream(f"http://three.example.net:{server.port}"), Call("/"))
    assert reply.body == b"ok"


async def test_a_name_is_looked_up_once_for_all_who_ask(
    server: fakes.Upstream, dns: Callable[[Look], list[str]]
) -> None:
    asked = dns(lambda host: ["127.0.0.1"])
    upstream = Upstream(f"http://busy.example.net:{server.port}")
    await asyncio.gather(*(ask(upstream, Call("/")) for _ in range(20)))
    assert asked == ["busy.example.net"]
    assert all(one.headers["host"].startswith("busy.example.net:") for one in server.requests)


async def test_an_address_that_led_nowhere_is_looked_up_anew(
    server: fakes.Upstream, dns: Callable[[Look], list[str]]
) -> None:
    answers = iter([["127.0.0.2"], ["127.0.0.1"]])
    dns(lambda host: next(answers))
    upstream = Upstream(f"http://moving.example.net:{server.port}")
    with pytest.raises(Unreachable):
        await ask(upstream, Call("/"))
    assert (await ask(upstream, Call("/"))).body == b"ok"


async def test_names_that_hang_keep_no_other_name_from_being_looked_up(
    server: fakes.Upstream, dns: Callable[[Look], list[str]]
) -> None:
    release = threading.Event()

    def look(host: str) -> list[str]:
        if host.startswith("hangs"):
            release.wait(30)
        return ["127.0.0.1"]

    dns(look)
    try:
        hanging = [
            asyncio.create_task(
                ask(Upstream(f"http://hangs-{number}.example.net"), Call("/", deadline=3))
            )
            for number in range(50)
        ]
        well = Upstream(f"http://well.example.net:{server.port}")
        assert (await ask(well, Call("/", deadline=2))).body == b"ok"
        failures = await asyncio.gather(*hanging, return_exceptions=True)
    finally:
        release.set()
    assert all(isinstance(one, Unreachable) and one.during == Stage.DNS for one in failures)


@pytest.mark.parametrize(
    ("url", "usable"),
    [
        ("https://api.example.net:6443", True),
        ("https://bücher.example", True),
        ("https://under_score.example/path", True),
        ("https://[2001:db8::1]:6443", True),
        ("https://example.net.", True),
        ("https://10.0.0.256:6443", False),
        ("https://[::1]x:1", False),
        ("https://[fe80::1%25eth0]:1", False),
        ("https://exa mple.net", False),
        ("https://-a.example.net", False),
        ("https://a..example.net", False),
        (f"https://{'a' * 64}.example.net", False),
        ("https://:443", False),
        ("https://x:99999", False),
        ("https://x:0", False),
        ("http://127。0。0。1", False),
        ("http://\uff11\uff16\uff19.254.169.254", False),
        ("http://\uff10xA9FEA9FE", False),
        ("http://[::ffff:10.0.0.1]", True),
        ("http://user:pass@10.0.0.1:80", True),
        ("ftp://example.net", False),
    ],
)
def test_what_is_no_address_is_known_beforehand(url: str, usable: bool) -> None:
    assert is_usable(url) == usable
