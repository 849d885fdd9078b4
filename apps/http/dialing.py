"""Opens a connection step by step, and knows at each moment which step it is in."""

import asyncio
import socket
import ssl
from asyncio.sslproto import SSLProtocol
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import cast

from aiohappyeyeballs import AddrInfoType, start_connection

from apps.http import tls
from apps.http.addresses import Directory
from apps.http.call import Stage, Unreachable, Upstream
from apps.http.connection import Connection
from apps.http.place import Place, server_name

# Of several addresses the next one is tried too after this much silence (RFC 8305).
NEXT_ADDRESS_SECONDS = 0.25
# A record of TLS holds 16 KiB. asyncio keeps sixteen times that ready for each connection, open
# or kept: with five thousand of them 1.2 GiB, which is also cleared for each new one.
SSLProtocol.max_size = 16 * 1024


@dataclass(slots=True)
class Progress:
    """Which step a call is in; None once it is connected."""

    stage: Stage | None = None


@dataclass(frozen=True, slots=True)
class Dialer:
    directory: Directory
    on_close: Callable[[Connection], None]

    async def dial(self, upstream: Upstream, place: Place, progress: Progress) -> Connection:
        """Return an open connection; raise OSError or Unreachable, and leave no socket behind."""
        progress.stage = Stage.TLS
        identity = _identity_of(upstream, place) if place.secure else None
        progress.stage = Stage.DNS
        infos = await self.directory.find(place)
        progress.stage = Stage.TCP
        try:
            sock = await _connect(infos)
        except OSError:
            self.directory.forget(place)
            raise
        connection = await self._take_over(sock)
        if identity is not None:
            progress.stage = Stage.TLS
            await _secure(connection, *identity)
        progress.stage = None
        return connection

    async def _take_over(self, sock: socket.socket) -> Connection:
        loop = asyncio.get_running_loop()
        try:
            _, connection = await loop.create_connection(
                partial(Connection, self.on_close), sock=sock
            )
        except BaseException:
            sock.close()
            raise
        return connection


def _identity_of(upstream: Upstream, place: Place) -> tuple[ssl.SSLContext, str]:
    """Return whom we trust, with what we show, and the name that we expect."""
    try:
        context = tls.trust(upstream.ca_bundle, upstream.client_certificate, upstream.client_key)
        return context, server_name(upstream.server_name or place.host)
    except ValueError:
        raise Unreachable(
            Stage.TLS, "its certificates or its TLS server name cannot be used"
        ) from None


async def _connect(infos: list[AddrInfoType]) -> socket.socket:
    if len(infos) > 1:
        return await start_connection(infos, happy_eyeballs_delay=NEXT_ADDRESS_SECONDS)
    [(family, kind, protocol, _, where)] = infos
    loop = asyncio.get_running_loop()
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setblocking(False)
        await loop.sock_connect(sock, where)
    except BaseException:
        # The loop lets go of the number by itself only a moment later, when it may be another's.
        loop.remove_writer(sock)
        sock.close()
        raise
    return sock


async def _secure(connection: Connection, context: ssl.SSLContext, name: str) -> None:
    """Shake hands over an open connection; when that ends otherwise, the connection ends too."""
    loop = asyncio.get_running_loop()
    plain = cast(asyncio.Transport, connection.transport)
    try:
        secured = await loop.start_tls(plain, connection, context, server_hostname=name)
    except BaseException:
        plain.abort()
        raise
    if secured is None:
        # How asyncio says that the other side hung up in the middle of it.
        raise ConnectionResetError
    connection.transport = secured
    connection.secured = secured.get_extra_info("ssl_object")
    connection.certificate_expires_at = tls.end_of(secured.get_extra_info("peercert"))
