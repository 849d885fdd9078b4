"""An address as a person wrote it, taken apart once into what a connection needs."""

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import quote, urlsplit

import idna

IpAddress = IPv4Address | IPv6Address
PORTS = {"http": 80, "https": 443}
# What a path may hold as it is, its percent signs included: it may be quoted already.
PLAIN = "/%:@!$&'()*+,;=~"
_NETLOC = re.compile(r"(.*@)?(\[[^\[\]]+\]|[^\[\]:]+)(:[0-9]*)?\Z")
_NAME = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\Z")


@dataclass(frozen=True, slots=True)
class Place:
    """`host` is ASCII and without brackets; `literal` is what it is where it is no name."""

    secure: bool
    host: str
    port: int
    authority: str
    prefix: str
    query: str
    literal: IpAddress | None


def is_usable(url: str) -> bool:
    """Whether a call to this address could be made at all."""
    try:
        locate(url)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=65_536)
def locate(url: str) -> Place:
    """Take `url` apart, or raise ValueError. User and password in it are never sent."""
    # urlsplit takes line breaks out before it looks, and lets anything follow a bracket.
    if not url.isprintable() or not _NETLOC.match(urlsplit(url).netloc):
        raise ValueError("no address")
    parts = urlsplit(url)
    if parts.scheme not in PORTS:
        raise ValueError("neither http nor https")
    host, literal = _host_of(parts.hostname or "", bracketed="[" in parts.netloc)
    port = PORTS[parts.scheme] if parts.port is None else parts.port
    if not port:
        raise ValueError("nobody listens on port 0")
    shown = f"[{host}]" if isinstance(literal, IPv6Address) else host
    if port != PORTS[parts.scheme]:
        shown = f"{shown}:{port}"
    return Place(
        secure=parts.scheme == "https",
        host=host,
        port=port,
        authority=shown,
        prefix=quote(parts.path.rstrip("/"), safe=PLAIN),
        query=quote(parts.query, safe=PLAIN + "?"),
        literal=literal,
    )


@lru_cache(maxsize=4096)
def server_name(typed: str) -> str:
    """Return a name as certificates carry it; raise ValueError for what is none."""
    return _host_of(typed.lower(), bracketed=":" in typed)[0].rstrip(".")


def _host_of(host: str, *, bracketed: bool) -> tuple[str, IpAddress | None]:
    # First of all: wide digits and dots become those of an address, which must be typed as one.
    name = host if bracketed or host.isascii() else idna.encode(host, uts46=True).decode()
    last = name.removesuffix(".").rpartition(".")[2]
    if bracketed or last.isdigit() or last.startswith("0x"):
        # 127.1 and 0x7f000001 are old spellings of IPv4, which everybody reads differently.
        literal = ip_address(host)
        if isinstance(literal, IPv6Address) and literal.scope_id:
            raise ValueError("an address with a zone is one of this machine alone")
        return str(literal), literal
    labels = name.removesuffix(".").split(".")
    if len(name) > 253 or not all(map(_NAME.match, labels)):
        raise ValueError("no host name")
    return name, None
