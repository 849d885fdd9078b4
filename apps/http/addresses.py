"""From a host's name to addresses that may be connected to, each of them checked.

What is checked is what is connected to: a name that leads elsewhere a moment later gains nothing.
Names are looked up in threads of their own. A look-up cannot be cancelled, and on the loop's few
threads a handful of names that hang would keep everybody else's from being looked up at all.
"""

import asyncio
import errno
import socket
import threading
from collections import deque
from contextlib import suppress
from enum import StrEnum
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from aiohappyeyeballs import AddrInfoType
from django.conf import settings

from apps.http import own
from apps.http.call import Stage, Unreachable
from apps.http.place import IpAddress, Place, locate

Found = list[AddrInfoType] | OSError

MOST_LOOK_UPS = 128
# A resolver tells nobody how long its answer holds. A change in DNS is seen this much later.
KEPT_SECONDS = 30.0
MOST_KEPT = 20_000
# Where clouds keep the keys of the machine we run on, besides the link-local 169.254.169.254.
METADATA = {
    ip_address("100.100.100.200"),
    ip_address("168.63.129.16"),
    ip_address("192.0.0.192"),
    ip_address("fd00:ec2::254"),
    ip_address("fd00:ec2::23"),
    ip_address("fd20:ce::254"),
    ip_address("fd00:42::42"),
}
# All of it leads where 0.0.0.0 leads: to this machine, or nowhere.
THIS_NETWORK = ip_network("0.0.0.0/8")
# A gateway (NAT64, SIIT) takes what is sent there to the IPv4 address in the last four bytes.
TO_IPV4 = [ip_network(each) for each in ("64:ff9b::/96", "64:ff9b:1::/48", "::ffff:0:0:0/96")]
# Names of this machine that hosts files and resolvers know without asking anybody.
HERE = {"localhost", "localhost.localdomain", "localhost6", "ip6-localhost", "ip6-loopback"}
UNTOLD = "it is at the port of our own database or Redis, whose name is not known just now"


class Refusal(StrEnum):
    """Why an address is not connected to."""

    NOWHERE = "its address is one at which no cluster can be"
    LOOPBACK = (
        "its address is one of the machine that we run on, and this installation does not allow "
        "that (AIOPS_ALLOW_LOOPBACK_UPSTREAMS)"
    )
    OWN = "its address is that of this installation's own database or Redis"


def is_forbidden(address: IpAddress) -> bool:
    """Whether no watched system can be there, but something that we must not ask."""
    address = _inner(address)
    return (
        address in METADATA
        or address.is_link_local
        or address.is_unspecified
        or address.is_multicast
        or address in THIS_NETWORK
        or address == ip_address("255.255.255.255")
    )


def refuse_beforehand(url: str) -> Refusal | None:
    """Say why a usable URL leads where nobody may ask, as far as that is known without DNS."""
    place = locate(url)
    own_hosts = own.hosts_at(place.port)
    host = place.host.removesuffix(".")
    if host in own_hosts:
        return Refusal.OWN
    address = ip_address("127.0.0.1") if _is_name_of_here(host) else place.literal
    if address is None:
        return None
    ours = [one for name in own_hosts if (one := _literal_of(name)) is not None]
    return _refusal(str(address), frozenset(ours))


def _literal_of(host: str) -> IpAddress | None:
    try:
        return ip_address("127.0.0.1" if _is_name_of_here(host) else host)
    except ValueError:
        return None


def _is_name_of_here(host: str) -> bool:
    return host in HERE or host.endswith(".localhost")


@lru_cache(maxsize=65_536)
def _checked(address: str) -> tuple[IpAddress, bool]:
    """Return where an address leads, and whether that is nowhere."""
    found = ip_address(address)
    return _inner(found), is_forbidden(found)


def _refusal(address: str, ours: frozenset[IpAddress]) -> Refusal | None:
    inner, forbidden = _checked(address)
    if forbidden:
        return Refusal.NOWHERE
    if ours and own.is_one_of(inner, ours):
        return Refusal.OWN
    if inner.is_loopback and not settings.ALLOW_LOOPBACK_UPSTREAMS:
        return Refusal.LOOPBACK
    return None


def _inner(address: IpAddress) -> IpAddress:
    """Return the IPv4 address that an IPv6 one leads to."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped or address.sixtofour:
            return address.ipv4_mapped or address.sixtofour or address
        if any(address in network for network in TO_IPV4):
            return ip_address(int(address) & 0xFFFFFFFF)
    return address


class Directory:
    """The names of one event loop: looked up once for all who ask, and known for a while."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._known: dict[str, tuple[float, list[AddrInfoType]]] = {}
        self._asked: dict[str, asyncio.Future[Found]] = {}
        self._queue: deque[str] = deque()
        self._running = 0

    async def find(self, place: Place) -> list[AddrInfoType]:
        """Return where to connect to; raise Unreachable where that is nowhere."""
        if place.literal is not None:
            infos = [_info_of(place.literal)]
        else:
            infos = await self._known_or_found(place.host)
        ours = await self._own_at(place.port)
        refused = [_refusal(info[4][0], ours) for info in infos]
        pairs = zip(infos, refused, strict=True)
        allowed = [_at_port(info, place.port) for info, refusal in pairs if refusal is None]
        if not allowed:
            raise Unreachable(Stage.DNS, str(next(iter(refused), Refusal.NOWHERE)))
        return allowed

    async def _own_at(self, port: int) -> frozenset[IpAddress]:
        """Return the addresses of our own stores that are reached at `port`: hardly ever any."""
        found: set[IpAddress] = set()
        for host in own.hosts_at(port):
            literal = _literal_of(host)
            if literal is not None:
                found.add(_inner(literal))
                continue
            try:
                infos = await self._known_or_found(host)
            except OSError:
                # Where it cannot be told which they are, nobody is asked at that port.
                raise Unreachable(Stage.DNS, UNTOLD) from None
            found.update(_checked(info[4][0])[0] for info in infos)
        return frozenset(found)

    async def _known_or_found(self, host: str) -> list[AddrInfoType]:
        until, infos = self._known.get(host, (0.0, []))
        return await self._look_up(host) if until < self._loop.time() else infos

    def forget(self, place: Place) -> None:
        """What is known led nowhere; next time it is looked up anew."""
        self._known.pop(place.host, None)

    async def _look_up(self, host: str) -> list[AddrInfoType]:
        if host not in self._asked:
            self._asked[host] = self._loop.create_future()
            self._queue.append(host)
            self._start()
        # One who has no more time leaves; the look-up goes on for those who still wait.
        found = await asyncio.shield(self._asked[host])
        if isinstance(found, OSError):
            raise found
        return found

    def _start(self) -> None:
        while self._queue and self._running < MOST_LOOK_UPS:
            self._running += 1
            host = self._queue.popleft()
            # At the end of the process nobody waits for a resolver that hangs.
            try:
                threading.Thread(target=self._resolve, args=(host,), daemon=True).start()
            except RuntimeError:
                none_left = OSError(errno.EAGAIN, "no thread is left to look the host name up")
                self._loop.call_soon(self._note, host, none_left)

    def _resolve(self, host: str) -> None:
        found: Found
        try:
            found = list(socket.getaddrinfo(host, None, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            found = error if isinstance(error, OSError) else socket.gaierror(str(error))
        # RuntimeError: the loop has ended, and with it everybody who waited.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._note, host, found)

    def _note(self, host: str, found: Found) -> None:
        self._running -= 1
        if isinstance(found, list):
            if len(self._known) >= MOST_KEPT:
                self._known.clear()
            self._known[host] = (self._loop.time() + KEPT_SECONDS, found)
        self._asked.pop(host).set_result(found)
        self._start()


def _info_of(literal: IpAddress) -> AddrInfoType:
    if isinstance(literal, IPv6Address):
        where: tuple[Any, ...] = (str(literal), 0, 0, 0)
        return socket.AF_INET6, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", where
    return socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (str(literal), 0)


def _at_port(info: AddrInfoType, port: int) -> AddrInfoType:
    family, kind, protocol, name, where = info
    return family, kind, protocol, name, (where[0], port, *where[2:])
