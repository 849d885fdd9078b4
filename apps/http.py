"""The one way out to watched systems: pooled clients, one deadline a call, size caps, own CAs.

A pooled connection belongs to one event loop, so there is a pool per loop. It is held by an
async generator: when a short-lived loop ends (a task's `async_to_sync`), the loop itself closes
its generators and with them the pool.
"""

import asyncio
import os
import socket
import ssl
import tempfile
import time
from collections.abc import AsyncGenerator, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

import httpx2

from apps.masking import quotable

MIB = 1024 * 1024
CONNECTIONS_PER_UPSTREAM = 10

# Kept in memory where the system has such a folder.
MEMORY = Path("/dev/shm")  # noqa: S108  # a file without a name, see _load

Clients = dict[tuple[str, ...], httpx2.AsyncClient]
Pairs = Mapping[str, str | list[str]]


class Stage(StrEnum):
    """How far a call came before it failed."""

    DNS = "DNS"
    TCP = "TCP"
    TLS = "TLS"
    TIMEOUT = "TIMEOUT"
    PROTOCOL = "PROTOCOL"
    SIZE = "SIZE"


class Unreachable(Exception):
    """A call brought no whole answer. `reason` is fit for people and holds no credential."""

    def __init__(self, stage: Stage, reason: str) -> None:
        super().__init__(reason)
        self.stage = stage
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where to ask, whom to trust, and what to show at the door."""

    base_url: str
    ca_bundle: str = ""
    token: str = field(default="", repr=False)
    # PEM, for the TLS handshake; shown over https alone.
    client_certificate: str = field(default="", repr=False)
    client_key: str = field(default="", repr=False)
    # The name its certificate must carry, where that is not the one in the address.
    server_name: str = ""
    # How the token is shown; OAuth clients sign in by Basic.
    scheme: str = "Bearer"

    @property
    def address(self) -> str:
        url = urlsplit(self.base_url)
        try:
            port = url.port
        except ValueError:
            return url.netloc
        return f"{url.hostname}:{port or (443 if url.scheme == 'https' else 80)}"

    def quote(self, said: str, limit: int = 500) -> str:
        """Return what this upstream said, fit for a page: it may throw our own token back."""
        return quotable(said, self.token, limit=limit)


def is_usable(url: str) -> bool:
    """Whether a call to this address could be made at all."""
    try:
        return bool(httpx2.URL(url).host)
    except (httpx2.InvalidURL, ValueError):
        return False


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: bytes
    elapsed_ms: int


@dataclass(frozen=True, slots=True)
class Call:
    """What to ask of an upstream. `form` and `json` make it a POST; `deadline` is in seconds."""

    path: str
    params: Pairs = field(default_factory=dict)
    # May hold secrets: a token endpoint is given one, a Secret is made of them.
    form: Pairs | None = field(default=None, repr=False)
    json: bytes | None = field(default=None, repr=False)
    deadline: float = 10.0
    cap: int = 8 * MIB
    method: str = ""

    @property
    def verb(self) -> str:
        return self.method or ("GET" if self.form is None and self.json is None else "POST")


async def ask(upstream: Upstream, call: Call) -> Reply:
    """Return the upstream's whole answer, whatever its status; raise Unreachable otherwise."""
    started = time.perf_counter()
    try:
        async with asyncio.timeout(call.deadline):
            status, body = await _exchange(upstream, call)
    except TimeoutError:
        raise Unreachable(Stage.TIMEOUT, f"no answer in {call.deadline:g} s") from None
    except (httpx2.HTTPError, OSError) as error:
        raise _unreachable(error) from None
    except (httpx2.InvalidURL, ValueError):
        # Not quoted: the value that does not fit may be the token.
        raise Unreachable(Stage.PROTOCOL, "its address or token cannot be sent") from None
    return Reply(status, body, round((time.perf_counter() - started) * 1000))


async def _exchange(upstream: Upstream, call: Call) -> tuple[int, bytes]:
    client = await _client(upstream)
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    if upstream.token:
        headers["Authorization"] = f"{upstream.scheme} {upstream.token}"
    if call.json is not None:
        headers["Content-Type"] = "application/json"
    request = client.build_request(
        call.verb,
        f"{upstream.base_url.rstrip('/')}{call.path}",
        params=dict(call.params),
        data=None if call.form is None else dict(call.form),
        content=call.json,
        headers=headers,
        extensions={"sni_hostname": upstream.server_name} if upstream.server_name else None,
    )
    response = await client.send(request, stream=True)
    try:
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > call.cap:
                raise Unreachable(Stage.SIZE, f"the answer is larger than {call.cap // MIB} MiB")
        return response.status_code, bytes(body)
    finally:
        await response.aclose()


def _unreachable(error: Exception) -> Unreachable:
    """Name the stage by the first system error among the causes."""
    for cause in _causes(error):
        # A bare OSError without a number is a client library's summary of the real one.
        if isinstance(cause, OSError) and (cause.errno or isinstance(cause, ssl.SSLError)):
            return Unreachable(*_system_error(cause))
    if isinstance(error, httpx2.ConnectError):
        return Unreachable(Stage.TCP, "connection failed")
    return Unreachable(Stage.PROTOCOL, f"the connection broke: {type(error).__name__}")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and all that led to it; several attempts at once come as a group."""
    while error is not None:
        yield error
        if isinstance(error, BaseExceptionGroup):
            for one in error.exceptions:
                yield from _causes(one)
        error = error.__cause__ or error.__context__


def _system_error(error: OSError) -> tuple[Stage, str]:
    match error:
        case socket.gaierror():
            return Stage.DNS, "the host name is not known"
        case ssl.SSLCertVerificationError():
            return Stage.TLS, f"TLS certificate refused: {error.verify_message}"
        case ssl.SSLError():
            return Stage.TLS, f"TLS failed: {error.reason or error}"
        case ConnectionRefusedError():
            return Stage.TCP, "connection refused"
    return Stage.TCP, (error.strerror or type(error).__name__).lower()


_pools: WeakKeyDictionary[
    asyncio.AbstractEventLoop, tuple[Clients, AsyncGenerator[Clients, None]]
] = WeakKeyDictionary()


async def _client(upstream: Upstream) -> httpx2.AsyncClient:
    loop = asyncio.get_running_loop()
    if loop not in _pools:
        keeper = _keep(loop)
        _pools[loop] = (await anext(keeper), keeper)
    clients, _ = _pools[loop]
    # Whatever a connection was opened with: one that is kept must serve nobody else.
    identity = (upstream.ca_bundle, upstream.client_certificate, upstream.client_key)
    key = (upstream.address, upstream.server_name, *identity)
    if key not in clients:
        clients[key] = httpx2.AsyncClient(
            verify=trust(*identity),
            timeout=None,
            follow_redirects=False,
            trust_env=False,
            limits=httpx2.Limits(max_connections=CONNECTIONS_PER_UPSTREAM, keepalive_expiry=60),
        )
    return clients[key]


async def _keep(loop: asyncio.AbstractEventLoop) -> AsyncGenerator[Clients, None]:
    clients: Clients = {}
    try:
        yield clients
    finally:
        _pools.pop(loop, None)
        for client in clients.values():
            await client.aclose()


@lru_cache(maxsize=4096)
def trust(ca_bundle: str, client_certificate: str = "", client_key: str = "") -> ssl.SSLContext:
    """Trust this PEM bundle alone, or the system's own store if it is empty.

    With a client certificate the context shows it; a pair that does not fit is an SSLError.
    """
    context = ssl.create_default_context(cadata=ca_bundle or None)
    if client_certificate or client_key:
        _load(context, client_certificate, client_key)
    return context


def _load(context: ssl.SSLContext, client_certificate: str, client_key: str) -> None:
    """Load a pair from memory, which OpenSSL does from files alone.

    So they are files without a name, readable to nobody else, gone when the block ends or the
    process is killed; in memory where the system has a folder for it, else under TMPDIR.
    """
    folder = MEMORY if os.access(MEMORY, os.W_OK) else None
    with (
        tempfile.TemporaryFile(dir=folder) as certificate,
        tempfile.TemporaryFile(dir=folder) as key,
    ):
        for file, text in ((certificate, client_certificate), (key, client_key)):
            file.write(text.encode())
            file.flush()
            file.seek(0)
        # Without a password given here, OpenSSL would ask the terminal for the one of the key.
        context.load_cert_chain(
            f"/dev/fd/{certificate.fileno()}", f"/dev/fd/{key.fileno()}", password=""
        )
