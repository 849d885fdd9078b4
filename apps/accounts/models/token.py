"""API tokens: shown once, kept as a keyed digest, found by their prefix."""

import hmac
import re
import secrets
import uuid
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Self

from django.conf import settings
from django.db import models
from django.utils import timezone

from apps.accounts.models.user import User

PREFIX = "aiops"
SHAPE = re.compile(rf"^{PREFIX}_[0-9a-f]{{12}}\.[\w-]{{20,100}}\Z", re.ASCII)
LIFETIME = timedelta(days=90)
# `last_used_at` is for people; writing it on every request would cost more than it tells.
USE_NOTED_EVERY = timedelta(minutes=1)


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def valid_at(self, moment: datetime) -> Self:
        return self.filter(
            models.Q(expires_at__isnull=True) | models.Q(expires_at__gt=moment),
            user__is_active=True,
        )


class ApiToken(models.Model):
    """One token of one user: `aiops_<key>.<secret>`. Only the digest of the secret is kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=64)
    key = models.CharField(max_length=16, unique=True, editable=False)
    digest = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        verbose_name = "API token"

    def __str__(self) -> str:
        return f"{self.name} ({PREFIX}_{self.key})"

    @classmethod
    def issue(
        cls, user: User, name: str, lifetime: timedelta | None = LIFETIME
    ) -> tuple["ApiToken", str]:
        """Make a token. The text returned beside it is its only appearance."""
        key, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
        token = cls.objects.create(
            user=user,
            name=name,
            key=key,
            digest=digest_of(secret),
            expires_at=timezone.now() + lifetime if lifetime else None,
        )
        return token, f"{PREFIX}_{key}.{secret}"

    @classmethod
    def recognise(cls, text: str) -> "ApiToken | None":
        """Return the valid token that `text` is, and note its use."""
        if not SHAPE.match(text):
            return None
        name, _, secret = text.partition(".")
        now = timezone.now()
        token = (
            cls.objects.valid_at(now)
            .select_related("user")
            .filter(key=name.removeprefix(f"{PREFIX}_"))
            .first()
        )
        if token is None or not hmac.compare_digest(token.digest, digest_of(secret)):
            return None
        if token.last_used_at is None or now - token.last_used_at > USE_NOTED_EVERY:
            cls.objects.filter(pk=token.pk).update(last_used_at=now)
        return token


def digest_of(secret: str) -> str:
    pepper = f"api-token:{settings.SECRET_KEY}".encode()
    return hmac.new(pepper, secret.encode(), sha256).hexdigest()
