"""What makes two descriptions the same cluster: the API server's address and its authority."""

import base64
import binascii
import re
from hashlib import sha256
from ipaddress import ip_address
from urllib.parse import urlsplit

Address = tuple[str, int, str]

_CERTIFICATE = re.compile(
    r"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----"
)


def address_of(url: str) -> Address:
    """Return host, port and path of a valid URL, however it is spelled."""
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    try:
        host = str(ip_address(host))
    except ValueError:
        host = host.lower()
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return host, port, parts.path.rstrip("/")


def authorities_of(ca_bundle: str) -> frozenset[str]:
    """Return the fingerprint of each certificate in a PEM bundle."""
    found = set()
    for encoded in _CERTIFICATE.findall(ca_bundle):
        try:
            found.add(sha256(base64.b64decode(encoded)).hexdigest())
        except binascii.Error:
            continue
    return frozenset(found)


def may_share(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two bundles may belong to one cluster: an unknown authority tells nothing apart."""
    return not one or not other or bool(one & other)
