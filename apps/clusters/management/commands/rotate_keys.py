"""`manage.py rotate_keys`: seal all credentials with the first of AIOPS_SEALING_KEYS."""

from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError

from apps.clusters.actions.sealing_keys import Report, Wishes, reseal

SOME_FAILED, MISUSED = 1, 2


class Command(BaseCommand):
    help = (
        "Seal all credentials with the first of AIOPS_SEALING_KEYS. Put the new key first, keep "
        "the old one behind it, start all processes anew, and then run this; it may be stopped "
        "and run again at any time. Exit status: 0 all fine, 1 some credentials failed, 2 misused."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--batch", type=int, default=100, metavar="N", help="so many in one transaction"
        )
        parser.add_argument(
            "--move",
            action="store_true",
            help="bring what the other store keeps into the one that CREDENTIAL_STORE names",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="open them all, and change nothing"
        )
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        if not 1 <= options["batch"] <= 10_000:
            raise CommandError("--batch takes 1 to 10000.", returncode=MISUSED)
        report = reseal(Wishes(options["batch"], options["dry_run"], options["move"]))
        self.stdout.write(_as_json(report) if options["json"] else _as_text(report, options))
        if report.failed:
            raise CommandError(
                f"{len(report.failed)} credentials failed, as said above; the rest is done.",
                returncode=SOME_FAILED,
            )


def _as_json(report: Report) -> str:
    body = asdict(report) | {"removable": report.removable}
    return orjson.dumps(body, option=orjson.OPT_INDENT_2).decode()


def _as_text(report: Report, options: dict[str, Any]) -> str:
    would = "would be " if options["dry_run"] else ""
    counts = f"{report.already} needed nothing, {len(report.failed)} failed."
    lines = [f"{report.resealed} {would}sealed anew with key {report.key}, {counts}"]
    lines += [f"FAILED {one.cluster}: {one.reason}" for one in report.failed]
    lines += [
        f"Key {name} opens {count} credentials, and must stay."
        for name, count in report.needed.items()
        if name != report.key
    ]
    lines += [
        f"Key {name} opens no credential any more: remove it from AIOPS_SEALING_KEYS."
        for name in report.removable
    ]
    return "\n".join(lines)
