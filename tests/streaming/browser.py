"""A WebSocket client for tests: the whole ASGI application, a real session, the real log."""

import json
from typing import Any

from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.test import Client

from aiops.asgi import application
from apps.accounts.models import User
from apps.clusters import events
from apps.clusters.models import Cluster
from apps.streaming import log

SAME = b"http://testserver"


class Browser:
    """One WebSocket client."""

    def __init__(self, *headers: tuple[bytes, bytes]) -> None:
        self.wire = WebsocketCommunicator(application, "/ws", [(b"host", b"testserver"), *headers])

    async def __aenter__(self) -> "Browser":
        accepted, _ = await self.wire.connect(5)
        assert accepted
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.wire.disconnect(timeout=5)

    async def send(self, **message: Any) -> None:
        await self.wire.send_to(text_data=json.dumps(message))

    async def receive(self) -> dict[str, Any]:
        received: dict[str, Any] = json.loads(await self.wire.receive_from(5))
        return received

    async def subscribe(self, **subscription: Any) -> dict[str, Any]:
        await self.send(type="subscribe", subscription=subscription)
        return await self.receive()

    async def closed_with(self) -> int:
        message = await self.wire.receive_output(5)
        assert message["type"] == "websocket.close"
        return int(message["code"])


def session_of(user: User) -> tuple[bytes, bytes]:
    client = Client()
    client.force_login(user)
    name = settings.SESSION_COOKIE_NAME
    return (b"cookie", f"{name}={client.cookies[name].value}".encode())


async def browser_of(user: User, origin: bytes = SAME, *headers: tuple[bytes, bytes]) -> Browser:
    return Browser(await sync_to_async(session_of)(user), (b"origin", origin), *headers)


async def tell(cluster: Cluster) -> str:
    return await sync_to_async(log.append)(events.updated(cluster))
