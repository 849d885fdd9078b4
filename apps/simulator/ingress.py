"""How Prometheus and Alertmanager are reached from outside: OpenShift's routes, or plain ports."""

import asyncio
import hmac
import json
import time
from dataclasses import dataclass

import aiohttp
from aiohttp import web
from yarl import URL

from apps.simulator.certificates import Certificates
from apps.simulator.doors import HOST, Door
from apps.simulator.faults import Incidents
from apps.simulator.world import Cluster

# They belong to one connection and are not handed on.
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "host"}
# Nothing is to be asked that the client did not ask for, such as a packed body.
UNASKED = {"Accept-Encoding", "Accept", "User-Agent", "Content-Type"}
UNAVAILABLE = """<html>
  <head><meta name="viewport" content="width=device-width, initial-scale=1"></head>
  <body>
    <div>
      <h1>Application is not available</h1>
      <p>The application is currently not serving requests at this endpoint. It may not have been \
started or is still starting.</p>
      <p>Possible reasons you are seeing this page:</p>
      <ul>
        <li><strong>The host doesn't exist.</strong> Make sure the hostname was typed correctly \
and that a route matching this hostname exists.</li>
        <li><strong>The host exists, but doesn't have a matching path.</strong></li>
        <li><strong>Route and path matches, but all pods are down.</strong></li>
      </ul>
    </div>
  </body>
</html>
"""


@dataclass(frozen=True, slots=True)
class Way:
    """From which port to which Prometheus or Alertmanager, and who may pass."""

    cluster: Cluster
    port: int
    inner_port: int
    certificates: Certificates
    token: str
    # The right sign-in for the cluster, but without the right to read its metrics.
    other_token: str
    # Its incidents are named after it.
    part: str = "prometheus"


class Ingress:
    """A reverse proxy before one part of a cluster; the incidents of that part happen here."""

    def __init__(self, way: Way) -> None:
        self.way = way
        self.incidents = Incidents()
        self.changed = asyncio.Event()
        self.client: aiohttp.ClientSession | None = None
        tls = way.certificates.server_context() if way.cluster.is_openshift else None
        self.door = Door(self.answer, way.port, tls)

    async def open(self) -> None:
        if self.client is None:
            # Bodies pass as they are: unpacking them would only have to be undone.
            timeout = aiohttp.ClientTimeout(total=None, sock_connect=5)
            self.client = aiohttp.ClientSession(auto_decompress=False, timeout=timeout)
        await self.door.open()

    async def close(self) -> None:
        await self.door.shut()
        if self.client is not None:
            await self.client.close()
            self.client = None

    async def suffer(self, incidents: Incidents) -> None:
        self.incidents = incidents
        self.changed.set()
        self.changed = asyncio.Event()
        # OpenShift's router stays and says so; elsewhere nobody listens any more.
        if self.is_down() and not self.way.cluster.is_openshift:
            await self.door.shut()
        else:
            await self.open()

    def is_down(self) -> bool:
        return self.incidents.active(f"{self.way.part}-down", time.time()) is not None

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        await self.linger()
        if self.way.cluster.is_openshift:
            refusal = self.refuse(request)
            if refusal is not None:
                return refusal
        return await self.forward(request)

    async def linger(self) -> None:
        """Wait as long as `prometheus-slow` says, or until it is healed."""
        slow = self.incidents.active(f"{self.way.part}-slow", time.time())
        if slow is None:
            return
        try:
            await asyncio.wait_for(self.changed.wait(), slow.delay_seconds)
        except TimeoutError:
            return
        await self.linger()

    def refuse(self, request: web.BaseRequest) -> web.Response | None:
        """Answer as the router and the proxy before a part of OpenShift's monitoring do."""
        if self.is_down():
            return unavailable()
        if not f"{request.path}/".startswith("/api/"):
            return web.Response(text="404 page not found\n", status=404)
        given = request.headers.get("Authorization", "").encode()
        if hmac.compare_digest(given, f"Bearer {self.way.token}".encode()):
            return None
        if hmac.compare_digest(given, f"Bearer {self.way.other_token}".encode()):
            return web.Response(text="Forbidden\n", status=403)
        return web.Response(text="Unauthorized\n", status=401)

    async def forward(self, request: web.BaseRequest) -> web.StreamResponse:
        if self.client is None:
            raise RuntimeError("the ingress is not open")
        url = URL(f"http://{HOST}:{self.way.inner_port}{request.raw_path}", encoded=True)
        body = await request.read() if request.can_read_body else None
        headers = {
            name: value
            for name, value in request.headers.items()
            if name.lower() not in HOP_BY_HOP | {"authorization", "content-length"}
        }
        try:
            answer = await self.client.request(
                request.method,
                url,
                data=body,
                headers=headers,
                allow_redirects=False,
                skip_auto_headers=UNASKED,
            )
        except aiohttp.ClientConnectionError:
            return unavailable() if self.way.cluster.is_openshift else nobody_home()
        async with answer:
            return await passed_on(request, answer)


async def passed_on(request: web.BaseRequest, answer: aiohttp.ClientResponse) -> web.StreamResponse:
    headers = {n: v for n, v in answer.headers.items() if n.lower() not in HOP_BY_HOP}
    response = web.StreamResponse(status=answer.status, headers=headers)
    await response.prepare(request)
    async for chunk in answer.content.iter_any():
        await response.write(chunk)
    await response.write_eof()
    return response


def unavailable() -> web.Response:
    headers = {"Cache-Control": "private, max-age=0, no-cache, no-store"}
    return web.Response(text=UNAVAILABLE, status=503, content_type="text/html", headers=headers)


def nobody_home() -> web.Response:
    body = {"status": "error", "errorType": "unavailable", "error": "Service Unavailable"}
    return web.Response(text=json.dumps(body), status=503, content_type="application/json")
