"""The socket at /ws: signs a client in, keeps its subscription, and sends what its outbox holds.

It only listens: every change is made over HTTP and comes back to all as an event.
"""

import asyncio
import uuid
from urllib.parse import urlsplit

from asgiref.sync import sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings

from apps.accounts.models import ApiToken
from apps.streaming import catalogue, protocol
from apps.streaming.audience import audience_of
from apps.streaming.hub import hub
from apps.streaming.protocol import Auth, Ping, Refused, Subscribe, Unsubscribe
from apps.streaming.subscription import Subscriber, Wish

NOT_SIGNED_IN = 4401
TOO_QUIET = 4408
# Rights are looked at again this often, so a revoked person is out within half a minute.
RECHECK_SECONDS = 15


class EventConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    subscriber: Subscriber | None = None

    async def connect(self) -> None:
        await self.accept()
        self._heard = asyncio.get_running_loop().time()
        self._tasks: list[asyncio.Task[None]] = []
        origin = self._header(b"origin")
        user = self.scope["user"]
        if user.is_authenticated and _same_origin(origin, self._header(b"host")):
            await self._enter(user.pk)
        elif origin:
            # A browser signs in by its session; it has no token to send.
            await self._refuse("AUTH_FAILED", "Sign in first, on this site.")
        else:
            self._tasks.append(asyncio.create_task(self._expect_token()))

    async def disconnect(self, code: int) -> None:
        for task in self._tasks:
            if task is not asyncio.current_task():
                task.cancel()
        if self.subscriber is not None:
            await hub().leave(self.subscriber)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        self._heard = asyncio.get_running_loop().time()
        try:
            if text_data is None:
                raise Refused("INVALID_MESSAGE", "Messages are JSON text, not binary.")
            await self._obey(protocol.read(text_data))
        except Refused as refused:
            await self._reply(protocol.write("error", code=refused.code, message=refused.reason))

    async def _obey(self, message: protocol.Message) -> None:
        match message:
            case Auth(token=token):
                await self._sign_in(token)
            case Ping(timestamp=timestamp):
                await self._reply(protocol.pong(timestamp))
            case Subscribe(subscription=wish):
                await self._subscribe(wish)
            case Unsubscribe(event_types=types):
                await self._unsubscribe(types)

    async def _sign_in(self, token: str) -> None:
        if self.subscriber is not None:
            raise Refused("INVALID_MESSAGE", "This connection is signed in already.")
        found = await sync_to_async(ApiToken.recognise)(token)
        if found is None:
            await self._refuse("AUTH_FAILED", "This API token is unknown or expired.")
        else:
            await self._enter(found.user_id)

    async def _subscribe(self, wanted: protocol.SubscriptionWish) -> None:
        subscriber = self._signed_in()
        subscriber.wish = Wish(
            frozenset(wanted.event_types), frozenset(str(one) for one in wanted.cluster_filter)
        )
        await self._reply(
            protocol.write(
                "subscribed",
                subscription=wanted.model_dump(mode="json", exclude={"last_event_id"}),
                last_event_id=hub().position,
            )
        )
        if wanted.last_event_id is not None:
            await hub().replay(subscriber, wanted.last_event_id)

    async def _unsubscribe(self, types: list[str]) -> None:
        """Stop these types; an empty list stops all."""
        subscriber = self._signed_in()
        wish = subscriber.wish
        known = wish.event_types or frozenset(catalogue.known_types())
        left = known - set(types) if types and wish.event_types is not None else frozenset()
        subscriber.wish = Wish(left or None, wish.cluster_ids)
        await self._reply(protocol.write("unsubscribed", event_types=types))

    def _signed_in(self) -> Subscriber:
        if self.subscriber is None:
            raise Refused("AUTH_FAILED", "Send {type: auth, token} first.")
        return self.subscriber

    async def _enter(self, user_id: uuid.UUID) -> None:
        audience = await audience_of(user_id)
        if audience is None:
            await self._refuse("AUTH_FAILED", "This account is disabled.")
            return
        self.subscriber = Subscriber(str(uuid.uuid4()), user_id, audience)
        await hub().join(self.subscriber)
        self._tasks += [
            asyncio.create_task(self._pump(self.subscriber)),
            asyncio.create_task(self._watch(self.subscriber)),
        ]
        await self._reply(
            protocol.write(
                "auth_response", status="authenticated", client_id=self.subscriber.client_id
            )
        )

    async def _pump(self, subscriber: Subscriber) -> None:
        while True:
            await self.send(text_data=await subscriber.outbox.take())

    async def _watch(self, subscriber: Subscriber) -> None:
        """Close a silent connection, and one whose person may not be here any more."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(RECHECK_SECONDS)
            if loop.time() - self._heard > protocol.HEARTBEAT_SECONDS + protocol.GRACE_SECONDS:
                await self.close(TOO_QUIET)
                return
            audience = await audience_of(subscriber.user_id)
            if audience is None:
                await self._refuse("AUTH_EXPIRED", "This account is disabled.")
                return
            subscriber.audience = audience

    async def _expect_token(self) -> None:
        await asyncio.sleep(protocol.AUTH_SECONDS)
        if self.subscriber is None:
            await self._refuse("AUTH_FAILED", "No token came within 10 s.")

    async def _reply(self, frame: str) -> None:
        if self.subscriber is None:
            await self.send(text_data=frame)
        else:
            self.subscriber.outbox.put_reply(frame)

    async def _refuse(self, code: str, reason: str) -> None:
        await self.send(text_data=protocol.write("error", code=code, message=reason))
        await self.close(NOT_SIGNED_IN)

    def _header(self, name: bytes) -> str:
        headers: list[tuple[bytes, bytes]] = self.scope["headers"]
        return next((value.decode("latin-1") for key, value in headers if key == name), "")


def _same_origin(origin: str, host: str) -> bool:
    """A session counts only for pages of this very site (cross-site WebSocket hijacking)."""
    return bool(origin) and (
        urlsplit(origin).netloc == host or origin in settings.CSRF_TRUSTED_ORIGINS
    )
