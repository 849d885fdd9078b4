"""`manage.py contract`: write what the client is generated from, or check that it is current."""

from argparse import ArgumentParser
from io import StringIO
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from aiops import BASE_DIR
from apps.streaming.contract import typescript

OPENAPI = BASE_DIR / "openapi.yaml"
EVENTS = BASE_DIR / "frontend" / "src" / "live" / "events.ts"


class Command(BaseCommand):
    help = "Write openapi.yaml and frontend/src/live/events.ts from the code"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="only say whether they are current"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        for path, text in {OPENAPI: _openapi(), EVENTS: typescript()}.items():
            current = path.read_text(encoding="utf-8") if path.exists() else ""
            if current == text:
                continue
            name = path.relative_to(BASE_DIR)
            if options["check"]:
                raise CommandError(f"{name} is not what the code says. Run: manage.py contract")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            self.stdout.write(f"{name} written")


def _openapi() -> str:
    text = StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=text)
    return text.getvalue()
