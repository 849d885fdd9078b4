"""The load side of benchmark 8: an API server whose pods answer commands at once, over TLS.

Its first word is how many nodes it has, the second the folder for its certificate. It prints
"ready", and answers any line on stdin with its port.
"""

import asyncio
import json
import sys
from itertools import count
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from websockets.utils import accept_key

from apps.simulator import certificates
from tests.benchmarks import gpus_texts
from tests.benchmarks.children import tell

PIECE = 32 * 1024
DRIVER, SUCCESS = (
    "app.kubernetes.io/component=nvidia-driver",
    b'\x03{"metadata":{},"status":"Success"}',
)
PODS, EXEC = "/api/v1/pods", "/exec"


class Server:
    def __init__(self, nodes: int) -> None:
        told = gpus_texts.told()
        self._driver = next(
            one
            for one in told.pods
            if one["metadata"]["labels"].get("app.kubernetes.io/component") == "nvidia-driver"
        )
        self._nodes = [gpus_texts.name(number) for number in range(nodes)]
        self._of_node = {
            name: gpus_texts.of_node(_listed(list(told.pods)), number)
            for number, name in enumerate(self._nodes)
        }
        self._asked = count()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                line, _, rest = head.partition("\r\n")
                url = urlsplit(line.split(" ")[1])
                query = parse_qs(url.query)
                if url.path.endswith(EXEC):
                    key = rest.partition("Sec-WebSocket-Key: ")[2].partition("\r\n")[0]
                    writer.write(_agreed(key) + self._ran(unquote(url.path), query["command"]))
                    await writer.drain()
                    await reader.read(1024)
                    return
                body = self._list(query)
                said = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                writer.write(said + b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            # It has gone, or we are to go.
            pass
        finally:
            writer.close()

    def _list(self, query: dict[str, list[str]]) -> bytes:
        if "fieldSelector" in query:
            return self._of_node[query["fieldSelector"][0].partition("=")[2]]
        if query["labelSelector"][0] != DRIVER:
            return _listed([])
        return _listed([self._driver_of(name) for name in self._nodes])

    def _driver_of(self, node: str) -> dict[str, object]:
        about = self._driver["metadata"] | {"name": f"nvidia-driver-daemonset-{node}"}
        spec = self._driver["spec"] | {"nodeName": node}
        return self._driver | {"metadata": about, "spec": spec}

    def _ran(self, path: str, command: list[str]) -> bytes:
        told = gpus_texts.told()
        if command[0] != "nvidia-smi":
            return _frames(told.cgroups)
        number = int(path.split("/")[6].rpartition("-")[2])
        turn = next(self._asked) // len(self._nodes) % 2
        return _frames(gpus_texts.of_node(told.documents[turn], number))


def _agreed(key: str) -> bytes:
    return (
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {accept_key(key)}\r\n"
        "Sec-WebSocket-Protocol: v5.channel.k8s.io\r\n\r\n"
    ).encode()


def _frames(stdout: bytes) -> bytes:
    pieces = [b"\x01" + stdout[at : at + PIECE] for at in range(0, len(stdout), PIECE)]
    frames = [b"\x82" + _length(piece) + piece for piece in (*pieces, SUCCESS)]
    return b"".join([*frames, b"\x88\x02\x03\xe8"])


def _length(piece: bytes) -> bytes:
    return bytes([len(piece)]) if len(piece) < 126 else b"\x7e" + len(piece).to_bytes(2)


def _listed(pods: list[dict[str, object]]) -> bytes:
    return json.dumps({"metadata": {}, "items": pods}, separators=(",", ":")).encode()


async def main(nodes: int, folder: Path) -> None:
    certified = certificates.prepare(folder, "bench", ["localhost"])
    context = certified.server_context()
    server = await asyncio.start_server(Server(nodes).answer, "127.0.0.1", 0, ssl=context)
    tell("ready")
    loop = asyncio.get_running_loop()
    while await loop.run_in_executor(None, sys.stdin.readline):
        tell(json.dumps({"port": server.sockets[0].getsockname()[1]}))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), Path(sys.argv[2])))
