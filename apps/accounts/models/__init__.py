"""Who may come in."""

from apps.accounts.models.audit_event import AuditEvent
from apps.accounts.models.token import ApiToken
from apps.accounts.models.user import User

__all__ = ["ApiToken", "AuditEvent", "User"]
