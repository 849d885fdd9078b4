"""Sessions in Redis. An outage of Redis is an error here, and nobody's sign-out."""

from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.cache import SessionStore as CacheSessionStore
from django.core.cache import caches


class SessionStore(CacheSessionStore):
    """Django's own takes a cache that fails for a session that is gone, and deletes the cookie."""

    def load(self) -> dict[str, Any]:
        """Return the session's data; raise RedisError where nobody can know them."""
        return self._found(caches[settings.SESSION_CACHE_ALIAS].get(self.cache_key))

    async def aload(self) -> dict[str, Any]:
        cache = caches[settings.SESSION_CACHE_ALIAS]
        return self._found(await cache.aget(await self.acache_key()))

    def _found(self, data: dict[str, Any] | None) -> dict[str, Any]:
        if data is None:
            self._session_key = None
        return data or {}
