"""The socket at /ws: signs a client in, keeps its subscription, and sends what its outbox holds.

It only listens: every change is made over HTTP and comes back to all as an event.
"""

import asyncio
import logging
import uuid
from dataclasses import replace
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.db import Error as DatabaseFailure
from redis.exceptions import RedisError

from apps.accounts.entry import Entry, SessionEntry, TokenEntry
from apps.accounts.models import ApiToken
from apps.streaming import catalogue, origin, protocol
from apps.streaming.allowance import Allowance
from apps.streaming.audience import audience_by
from apps.streaming.hub import hub
from apps.streaming.protocol import Auth, Ping, Refused, Subscribe, Unsubscribe
from apps.streaming.subscription import Subscriber, Wish

logger = logging.getLogger(__name__)

# A browser does not come back after this one, so nobody gets it because a server is away.
NOT_SIGNED_IN = 4401
TOO_QUIET = 4408
TOO_SLOW = 4429
COME_AGAIN = 4503
# Rights are looked at again this often, so a revoked person is out within half a minute.
RECHECK_SECONDS = 15
MESSAGES_AT_ONCE, MESSAGES_PER_SECOND = 20, 5


class EventConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    subscriber: Subscriber | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Live until the client goes or something breaks; leave nothing behind in any case.

        Channels calls `disconnect` only for a client that goes by itself.
        """
        now = asyncio.get_running_loop().time()
        self._heard = now
        self._allowance = Allowance(MESSAGES_AT_ONCE, MESSAGES_PER_SECOND, now)
        self._tasks: list[asyncio.Task[None]] = []
        try:
            # A task that fails ends the socket: better a client that comes again than a deaf one.
            async with asyncio.TaskGroup() as self._group:
                try:
                    await super().__call__(scope, receive, send)
                finally:
                    for task in self._tasks:
                        task.cancel()
        finally:
            if self.subscriber is not None:
                await hub().leave(self.subscriber)

    async def connect(self) -> None:
        await self.accept()
        user = self.scope["user"]
        if user.is_authenticated and origin.is_ours(self.scope):
            await self._enter(SessionEntry(user.pk, self.scope["session"].session_key))
        elif origin.header_of(self.scope, b"origin"):
            # A browser signs in by its session; it has no token to send.
            await self._refuse("AUTH_FAILED", "Sign in first, on this site.")
        else:
            self._tasks.append(self._group.create_task(self._expect_token()))

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        self._heard = asyncio.get_running_loop().time()
        try:
            if not self._allowance.take(self._heard):
                rate = f"{MESSAGES_PER_SECOND} a second"
                raise Refused("RATE_LIMITED", f"Too many messages: send at most {rate}.")
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
        try:
            found = await database_sync_to_async(ApiToken.recognise)(token)
        except DatabaseFailure as error:
            await self._send_away(error)
            return
        if found is None:
            await self._refuse("AUTH_FAILED", "This API token is unknown or expired.")
        else:
            await self._enter(TokenEntry(found.user_id, found.pk))

    async def _subscribe(self, wanted: protocol.SubscriptionWish) -> None:
        subscriber = self._signed_in()
        subscriber.wish = Wish(
            frozenset(wanted.event_types),
            frozenset(str(one) for one in wanted.cluster_filter),
            frozenset(wanted.namespace_filter),
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
        subscriber.wish = replace(wish, event_types=left or None)
        await self._reply(protocol.write("unsubscribed", event_types=types))

    def _signed_in(self) -> Subscriber:
        if self.subscriber is None:
            raise Refused("AUTH_FAILED", "Send {type: auth, token} first.")
        return self.subscriber

    async def _enter(self, entry: Entry) -> None:
        try:
            audience = await audience_by(entry)
            if audience is None:
                await self._refuse("AUTH_FAILED", "This sign-in is over, or the account disabled.")
                return
            self.subscriber = Subscriber(str(uuid.uuid4()), entry.user_id, audience)
            await hub().join(self.subscriber)
        except (DatabaseFailure, RedisError, TimeoutError) as error:
            await self._send_away(error)
            return
        self._tasks += [
            self._group.create_task(self._pump(self.subscriber)),
            self._group.create_task(self._watch(self.subscriber, entry)),
        ]
        client_id = self.subscriber.client_id
        await self._reply(
            protocol.write("auth_response", status="authenticated", client_id=client_id)
        )

    async def _pump(self, subscriber: Subscriber) -> None:
        while True:
            await self.send(text_data=await subscriber.outbox.take())

    async def _watch(self, subscriber: Subscriber, entry: Entry) -> None:
        """Close a silent connection, and one whose person may not be here any more."""
        loop = asyncio.get_running_loop()
        known_at = loop.time()
        while True:
            await asyncio.sleep(RECHECK_SECONDS)
            if loop.time() - self._heard > protocol.HEARTBEAT_SECONDS + protocol.GRACE_SECONDS:
                await self.close(TOO_QUIET)
                return
            try:
                audience = await audience_by(entry)
            except (DatabaseFailure, RedisError) as error:
                if loop.time() - known_at > 2 * RECHECK_SECONDS:
                    await self._send_away(error)
                    return
                logger.warning("A socket's rights stay unchecked: %s", type(error).__name__)
                continue
            if audience is None:
                await self._refuse("AUTH_EXPIRED", "This sign-in is over. Sign in again.")
                return
            known_at = loop.time()
            hub().check()
            subscriber.see(audience, hub().position)

    async def _expect_token(self) -> None:
        await asyncio.sleep(protocol.AUTH_SECONDS)
        if self.subscriber is None:
            await self._refuse("AUTH_FAILED", "No token came within 10 s.")

    async def _reply(self, frame: str) -> None:
        if self.subscriber is None:
            await self.send(text_data=frame)
            return
        try:
            self.subscriber.outbox.put_reply(frame)
        except asyncio.QueueFull:
            await self._refuse("QUEUE_FULL", "You ask on and take no answers.", TOO_SLOW)

    async def _refuse(self, code: str, reason: str, close_code: int = NOT_SIGNED_IN) -> None:
        await self.send(text_data=protocol.write("error", code=code, message=reason))
        await self.close(close_code)

    async def _send_away(self, error: Exception) -> None:
        """A server behind us is away: the client is as welcome as before, only later."""
        logger.warning("A socket is sent away for a while: %s", type(error).__name__)
        await self.send(text_data=protocol.goodbye("A part of the platform does not answer."))
        await self.close(COME_AGAIN)
