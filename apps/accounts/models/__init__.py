"""Who may come in."""

from apps.accounts.models.token import ApiToken
from apps.accounts.models.user import User

__all__ = ["ApiToken", "User"]
