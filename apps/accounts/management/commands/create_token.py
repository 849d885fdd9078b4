"""`manage.py create_token USER`: print a new API token, once."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from apps.accounts import audit
from apps.accounts.models import ApiToken, User


class Command(BaseCommand):
    help = "Print a new API token of USER, once. Use it as: Authorization: Bearer TOKEN"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", metavar="USER")
        parser.add_argument("--name", default="command line", help="what the token is for")
        parser.add_argument(
            "--days", type=int, default=90, help="days until it expires; 0 for never (default 90)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["user"]).first()
        if user is None:
            known = ", ".join(User.objects.values_list("username", flat=True)[:10]) or "none yet"
            raise CommandError(f"There is no user {options['user']!r}. Users: {known}.")
        if options["days"] < 0:
            raise CommandError("--days must be 0 (never expires) or more.")
        lifetime = timedelta(days=options["days"]) if options["days"] else None
        with transaction.atomic():
            token, text = ApiToken.issue(user, options["name"], lifetime)
            audit.note("issued", "token", token.pk, str(token), user=user.username)
        self.stdout.write(text)
