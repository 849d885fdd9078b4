"""What somebody came in by, a session or an API token, and whether it still counts."""

from dataclasses import dataclass, field
from uuid import UUID

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from apps.accounts.models import ApiToken, User
from apps.accounts.sessions import SessionStore


@dataclass(frozen=True, slots=True)
class SessionEntry:
    """A browser's session: over with its sign-out, its age or a change of the password."""

    user_id: UUID
    key: str = field(repr=False)

    def still_counts(self) -> bool:
        """Raise RedisError or a database's error where that cannot be known."""
        data = SessionStore(self.key).load()
        user = User.objects.filter(pk=self.user_id, is_active=True).first()
        return (
            user is not None
            and data.get(SESSION_KEY) == str(user.pk)
            and constant_time_compare(data.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash())
        )


@dataclass(frozen=True, slots=True)
class TokenEntry:
    """A script's API token: over with its removal or its last day."""

    user_id: UUID
    token_id: UUID

    def still_counts(self) -> bool:
        return ApiToken.objects.valid_at(timezone.now()).filter(pk=self.token_id).exists()


Entry = SessionEntry | TokenEntry
