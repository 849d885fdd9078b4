"""Run everything in the foreground, with a simulated fleet."""

from typing import Any

from aiops.management.commands import up
from aiops.management.preparation import hasten_checks


class Command(up.Command):
    help = "Run the platform with a simulated fleet in the foreground; Ctrl-C ends it."
    simulated = True

    def handle(self, *args: Any, **options: Any) -> None:
        hasten_checks()
        super().handle(*args, **options)
