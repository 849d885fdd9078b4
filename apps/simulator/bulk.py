"""Thousands of clusters from one process, for load: they answer health checks, and nothing else.

A cluster without TLS is an address of its own, 127.64.0.0 and up, with a port for each part. One
with TLS is a port of 127.0.0.1, with a certificate and an authority of its own and a path for
each part, as behind a gateway. One in a hundred hangs, and at one in a hundred nobody listens.

`python -m apps.simulator.bulk --clusters 1000 --folder FOLDER` writes FOLDER/fleet.json, says
"ready", and serves until its standard input ends. A fleet that needs more connections than a
process may open is served by several, with `--first` for the number of their first cluster.
"""

import argparse
import asyncio
import random
import ssl
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import cast

import msgspec

from apps.simulator import certificates

FIRST = 127 << 24 | 64 << 16
LOOPBACK = "127."
# Nobody listens here, and no system gives it to a client.
CLOSED_PORT = 1
TLS_SHARE, HANGING_SHARE, DEAD_SHARE = 0.1, 0.01, 0.01

READY = b"ok"
QUERY = (
    b'{"status":"success","data":{"resultType":"vector","result":'
    b'[{"metric":{},"value":[1790000000.123,"1"]}]}}'
)
STATUS = (
    b'{"cluster":{"name":"01J","peers":[],"status":"ready"},"config":{"original":""},'
    b'"uptime":"2026-11-01T00:00:00.000Z","versionInfo":{"branch":"HEAD","version":"0.28.0"}}'
)
TRACES = b'{"traces":[],"metrics":{"inspectedBytes":"0","completedJobs":1,"totalJobs":1}}'
LABELS = b'{"status":"success","data":["app","cluster","namespace","pod"]}'
# What each part is asked, and what a real one answers.
PARTS = {
    "api_server": (b"/readyz ", b"text/plain; charset=utf-8", READY),
    "prometheus": (b"/api/v1/query?", b"application/json", QUERY),
    "alertmanager": (b"/api/v2/status ", b"application/json", STATUS),
    "tempo": (b"/api/search?", b"application/json", TRACES),
    "loki": (b"/loki/api/v1/labels ", b"application/json", LABELS),
}


class Member(msgspec.Struct, frozen=True):
    """One cluster as it would be registered. `kind`: plain, tls, hanging or dead."""

    name: str
    kind: str
    token: str
    urls: dict[str, str]
    ca_bundle: str = ""


def _answer(kind: bytes, body: bytes, status: bytes = b"200 OK") -> bytes:
    head = b"HTTP/1.1 %s\r\nContent-Type: %s\r\nDate: Mon, 23 Nov 2026 12:00:00 GMT\r\n"
    return (head + b"Content-Length: %d\r\n\r\n") % (status, kind, len(body)) + body


ANSWERS = {path: _answer(kind, body) for path, kind, body in PARTS.values()}
UNKNOWN = _answer(b"text/plain", b"404 page not found", b"404 Not Found")
REFUSED = _answer(b"application/json", b'{"kind":"Status","code":401}', b"401 Unauthorized")


@dataclass(slots=True)
class Load:
    """What the whole fleet was asked."""

    connections: int = 0
    requests: int = 0


class Responder(asyncio.Protocol):
    """Answers by the path's end, if the token is right. As little as a server can do."""

    def __init__(self, load: Load, member_at: Callable[[str], Member | None]) -> None:
        self._load = load
        self._member_at = member_at
        self._head = b""
        self._hangs = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._load.connections += 1
        address = transport.get_extra_info("sockname")[0]
        member = self._member_at(address) if address.startswith(LOOPBACK) else None
        if member is None:
            # Some door other than loopback: this fleet is for nobody else.
            self._transport.abort()
            return
        self._hangs = member.kind == "hanging"
        self._token = b"Authorization: Bearer %s\r\n" % member.token.encode()

    def data_received(self, data: bytes) -> None:
        self._head += data
        while (end := self._head.find(b"\r\n\r\n")) >= 0:
            request, self._head = self._head[: end + 2], self._head[end + 4 :]
            self._load.requests += 1
            if not self._hangs:
                self._transport.write(self._reply(request))

    def _reply(self, request: bytes) -> bytes:
        if self._token not in request:
            return REFUSED
        line = request[: request.find(b"\r\n")]
        return next((said for path, said in ANSWERS.items() if path in line), UNKNOWN)


def _kinds(count: int, seed: str) -> list[str]:
    """Return what each cluster is: exact shares, in an order of chance."""
    hanging, dead = round(count * HANGING_SHARE), round(count * DEAD_SHARE)
    secure = round(count * TLS_SHARE)
    kinds = ["hanging"] * hanging + ["dead"] * dead + ["tls"] * secure
    kinds += ["plain"] * (count - len(kinds))
    random.Random(seed).shuffle(kinds)
    return kinds


def _address(number: int) -> str:
    return ".".join(map(str, (FIRST + number).to_bytes(4, "big")))


class Fleet:
    """The listeners of all clusters, for as long as the stack is open."""

    def __init__(self, seed: str, folder: Path, stack: AsyncExitStack) -> None:
        self.load = Load()
        self._seed = seed
        self._folder = folder
        self._stack = stack
        self._members: dict[str, Member] = {}

    async def start(self, count: int, first: int) -> list[Member]:
        # Every loopback address at once: thousands of listeners would be thousands of files.
        ports = {part: await self._listen("0.0.0.0", self._members.get) for part in PARTS}  # noqa: S104
        members = []
        for number, kind in enumerate(_kinds(count, f"{self._seed}-{first}"), start=first):
            name, token = f"bulk-{number:05}", f"{self._seed}-token-{number}"
            if kind == "tls":
                member = await self._secured(Member(name, kind, token, {}))
            else:
                member = _plain(Member(name, kind, token, {}), _address(number), ports)
                self._members[_address(number)] = member
            members.append(member)
        return members

    async def _secured(self, member: Member) -> Member:
        key, authority = certificates.make_authority(member.name)
        file = self._folder / "server.pem"
        certificates.write(file, certificates.make_server(key, authority, ["localhost"]))
        context = certificates.Certificates(self._folder).server_context()
        port = await self._listen("127.0.0.1", lambda _: member, context)
        urls = {part: f"https://127.0.0.1:{port}/{part}" for part in PARTS}
        urls["api_server"] = f"https://127.0.0.1:{port}"
        bundle = certificates.pem_of(authority)
        return msgspec.structs.replace(member, urls=urls, ca_bundle=bundle)

    async def _listen(
        self,
        host: str,
        member_at: Callable[[str], Member | None],
        context: ssl.SSLContext | None = None,
    ) -> int:
        loop = asyncio.get_running_loop()
        make = partial(Responder, self.load, member_at)
        server = await loop.create_server(make, host, 0, backlog=4096, ssl=context)
        self._stack.callback(server.close)
        return int(server.sockets[0].getsockname()[1])


def _plain(member: Member, address: str, ports: dict[str, int]) -> Member:
    if member.kind == "dead":
        ports = dict.fromkeys(ports, CLOSED_PORT)
    urls = {part: f"http://{address}:{port}" for part, port in ports.items()}
    return msgspec.structs.replace(member, urls=urls)


async def serve(
    count: int, seed: str, folder: Path, until: Callable[[], Awaitable[object]], first: int = 0
) -> Load:
    """Serve `count` clusters until `until` returns; write who they are to FOLDER/fleet.json."""
    async with AsyncExitStack() as stack:
        fleet = Fleet(seed, folder, stack)
        members = await fleet.start(count, first)
        certificates.write(folder / "fleet.json", msgspec.json.encode(members))
        await until()
        return fleet.load


def read(folder: Path) -> list[Member]:
    return msgspec.json.decode((folder / "fleet.json").read_bytes(), type=list[Member])


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clusters", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", default="bulk")
    parser.add_argument("--folder", type=Path, required=True)
    asked = parser.parse_args(words)
    asked.folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    async def until_input_ends() -> None:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)

    load = asyncio.run(
        serve(asked.clusters, asked.seed, asked.folder, until_input_ends, asked.first)
    )
    sys.stdout.write(f"{load.connections} connections, {load.requests} requests\n")


if __name__ == "__main__":
    main()
