"""The web process as it is, but that it reaches nothing besides this machine.

What is tried on it writes addresses of its own into clusters, and asks to have them looked at.
"""

import socket
import sys
from typing import Any

from aiops.web import WebServer

LOOPBACK = ("127.", "::1", "localhost")


def shut_the_network() -> None:
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def guarded(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and not str(address[0]).startswith(LOOPBACK):
            raise ConnectionRefusedError(f"{address[0]} is not of this machine")
        connect(self, address)

    def known(host: Any, *rest: Any, **options: Any) -> Any:
        if not str(host or "localhost").startswith(LOOPBACK):
            raise socket.gaierror(socket.EAI_NONAME, "no names but this machine's")
        return look_up(host, *rest, **options)

    socket.socket.connect = guarded  # type: ignore[method-assign,assignment]
    socket.getaddrinfo = known


def main() -> None:
    shut_the_network()
    # Only now: it loads the whole platform.
    from aiops.asgi import application

    def tell() -> None:
        sys.stdout.write(f"{server.listening_addresses[0][1]}\n")
        sys.stdout.flush()

    server = WebServer(
        application,
        endpoints=["tcp:port=0:interface=127.0.0.1"],
        ready_callable=tell,
        verbosity=0,
    )
    server.run()


if __name__ == "__main__":
    main()
