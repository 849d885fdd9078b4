"""Whether a socket was opened by a page of this very site (cross-site WebSocket hijacking)."""

from typing import Any

from django.conf import settings


def header_of(scope: dict[str, Any], name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def is_ours(scope: dict[str, Any]) -> bool:
    """Compare the page's Origin with the Host that it asked, and with the trusted origins."""
    origin = header_of(scope, b"origin")
    if origin in settings.CSRF_TRUSTED_ORIGINS:
        return True
    scheme, _, place = origin.partition("://")
    same_host = bool(place) and place == header_of(scope, b"host")
    return same_host and (scheme == "https" or not _came_by_tls(scope))


def _came_by_tls(scope: dict[str, Any]) -> bool:
    """Tell whether a proxy that ends TLS says so; without such a proxy nobody can know.

    Traefik calls the scheme of a socket wss.
    """
    if settings.SECURE_PROXY_SSL_HEADER is None:
        return False
    variable, secure = settings.SECURE_PROXY_SSL_HEADER
    name = variable.removeprefix("HTTP_").replace("_", "-").lower().encode()
    return header_of(scope, name).partition(",")[0].strip() in {secure, "wss"}
