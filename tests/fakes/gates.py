"""Servers that take only the tokens they know: an API server and a Prometheus behind one door."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.fakes import in_a_thread

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
REVIEWS = "/apis/authorization.k8s.io/v1"
ANSWERS: dict[str, tuple[int, dict[str, Any]]] = {
    f"{REVIEWS}/selfsubjectaccessreviews": (201, {"status": {"allowed": True}}),
    f"{REVIEWS}/selfsubjectrulesreviews": (
        201,
        {"status": {"resourceRules": [], "nonResourceRules": [], "incomplete": False}},
    ),
    "/apis": (200, {"groups": []}),
    "/readyz": (200, {}),
    "/api/v1/query": (200, {"status": "success", "data": {"resultType": "vector", "result": []}}),
}
SELF = "/apis/authentication.k8s.io/v1/selfsubjectreviews"


@dataclass
class Gate:
    """`tokens` are taken, by the name of their user. `meanwhile` runs once, before an answer."""

    tokens: dict[str, str] = field(default_factory=dict)
    shown: list[tuple[str, str]] = field(default_factory=list)
    meanwhile: Callable[[], None] | None = None
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def asked_with(self, path: str = SELF) -> list[str]:
        return [token for asked, token in self.shown if asked == path]

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        self.shown.append((request.path, token))
        if self.meanwhile is not None:
            happens, self.meanwhile = self.meanwhile, None
            await asyncio.to_thread(happens)
        if token not in self.tokens:
            return web.json_response({"kind": "Status", "code": 401}, status=401)
        if request.path == SELF:
            user = {"userInfo": {"username": self.tokens[token]}}
            return web.json_response({"status": user}, status=201)
        status, body = ANSWERS.get(request.path, (404, {"kind": "Status", "code": 404}))
        return web.json_response(body, status=status)


@contextmanager
def serve(handler: Handler) -> Iterator[int]:
    """Answer on a free loopback port, on a loop and thread of their own, until the block ends."""
    with in_a_thread.serve(_listening(handler)) as port:
        yield port


@asynccontextmanager
async def _listening(handler: Handler) -> AsyncIterator[int]:
    runner = web.ServerRunner(
        web.Server(handler, handler_cancellation=True, access_log=None), shutdown_timeout=0.05
    )
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield runner.addresses[0][1]
    await runner.cleanup()


@contextmanager
def gate(**tokens: str) -> Iterator[Gate]:
    """Run a gate that takes these: `gate(reader="t0k3n")`."""
    opened = Gate({token: user for user, token in tokens.items()})
    with serve(opened.answer) as opened.port:
        yield opened
