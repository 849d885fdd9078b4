"""Run everything in the foreground, with an empty fleet."""

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from aiops import measuring
from aiops.embedded import supervision
from aiops.embedded.attachment import ours
from aiops.embedded.layout import var_dir
from aiops.management.preparation import prepare, read_port


class Command(BaseCommand):
    help = "Run the platform in the foreground; Ctrl-C ends it."
    requires_system_checks = []
    simulated = False

    def handle(self, *_args: Any, **_options: Any) -> None:
        measuring.share(var_dir() / "measures")
        plan = supervision.Plan(
            var=var_dir(),
            port=read_port(),
            simulated=self.simulated,
            embedded=ours(var_dir()),
            parts=settings.CHECK_PARTS,
            prepare=lambda: prepare(simulated=self.simulated),
        )
        sys.exit(supervision.run(plan))
