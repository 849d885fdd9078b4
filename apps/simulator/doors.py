"""A listening port that can be shut and opened again while the program runs."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable

from aiohttp import web

Answer = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
HOST = "127.0.0.1"


class PortTakenError(RuntimeError):
    """Somebody else listens where this door was."""


class Door:
    """Shut, it refuses connections and ends the ones it had, as a server does that is gone."""

    def __init__(self, answer: Answer, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        self.answer = answer
        self.port = port
        self.tls = tls
        self.runner: web.ServerRunner | None = None

    async def open(self) -> None:
        if self.runner is not None:
            return
        # Without cancellation every health check of a silent server would leave a task behind.
        server = web.Server(self.answer, handler_cancellation=True, access_log=None)
        runner = web.ServerRunner(server, shutdown_timeout=0.05)
        await runner.setup()
        try:
            await web.TCPSite(runner, HOST, self.port, ssl_context=self.tls).start()
        except OSError as error:
            await runner.cleanup()
            # Starting again helps: ports that are taken are then chosen anew.
            raise PortTakenError(f"Port {self.port} was taken by another program.") from error
        # Port 0 becomes the port that it was given, and stays it when the door opens again.
        self.port = runner.addresses[0][1]
        self.runner = runner

    async def shut(self) -> None:
        runner, self.runner = self.runner, None
        if runner is None:
            return
        # A TLS connection would take its time to say goodbye to a client that may be gone too.
        ending = [c.transport for c in runner.server.connections] if runner.server else []
        await runner.cleanup()
        for transport in ending:
            if transport is not None:
                transport.abort()
        # The loop closes their sockets on its next turn.
        await asyncio.sleep(0)
