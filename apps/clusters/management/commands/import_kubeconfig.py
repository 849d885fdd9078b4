"""`manage.py import_kubeconfig FILE|-`: register the clusters of a kubeconfig."""

import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from apps.clusters.actions.importing import (
    Imported,
    ImportStatus,
    Wishes,
    import_contexts,
    read_labels,
)
from apps.clusters.errors import KubeconfigUnusable
from apps.clusters.kube.plain_yaml import MOST_BYTES
from apps.clusters.tasks import check_soon

SOME_REFUSED, UNUSABLE = 1, 2


class Command(BaseCommand):
    help = (
        "Register the clusters of a kubeconfig. Exit status: 0 all fine, 1 some contexts were "
        "refused, 2 the file cannot be used."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", help="the kubeconfig, or - for stdin")
        which = parser.add_mutually_exclusive_group()
        which.add_argument(
            "--context", action="append", default=[], metavar="NAME", help="this one; repeatable"
        )
        which.add_argument("--all", action="store_true", help="all contexts (the default)")
        parser.add_argument("--prefix", default="", help="goes before the names of new clusters")
        parser.add_argument(
            "--label", action="append", default=[], metavar="KEY=VALUE", help="repeatable"
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, only")
        parser.add_argument(
            "--update", action="store_true", help="renew credentials of registered clusters"
        )
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            wishes = Wishes(
                contexts=frozenset(options["context"]),
                prefix=options["prefix"],
                labels=read_labels(options["label"]),
                dry_run=options["dry_run"],
                update=options["update"],
            )
            results = import_contexts(_read(options["file"]), wishes)
        except KubeconfigUnusable as unusable:
            raise CommandError(unusable.message, returncode=UNUSABLE) from None
        except ValidationError as invalid:
            raise CommandError(" ".join(invalid.messages), returncode=UNUSABLE) from None
        check_soon()
        self.stdout.write(_as_json(results) if options["json"] else _as_table(results))
        refused = sum(result.status == ImportStatus.REFUSED for result in results)
        if refused:
            raise CommandError(
                f"{refused} of {len(results)} contexts refused.", returncode=SOME_REFUSED
            )


def _read(file: str) -> str:
    # One byte more than is taken shows that there is too much, without reading all of it.
    try:
        if file == "-":
            raw = sys.stdin.buffer.read(MOST_BYTES + 1)
        else:
            with Path(file).open("rb") as stream:
                raw = stream.read(MOST_BYTES + 1)
        return raw.decode("utf-8-sig")
    except OSError as error:
        raise CommandError(
            f"{file} cannot be read: {error.strerror}.", returncode=UNUSABLE
        ) from None
    except UnicodeDecodeError:
        raise CommandError(f"{file} is not UTF-8 text.", returncode=UNUSABLE) from None


def _as_json(results: Sequence[Imported]) -> str:
    body = {"results": [asdict(result) for result in results]}
    return orjson.dumps(body, option=orjson.OPT_INDENT_2).decode()


def _as_table(results: Sequence[Imported]) -> str:
    rows = [("CONTEXT", "STATUS", "CLUSTER", "REASON")]
    rows += [(one.context, one.status.value, one.name or "-", one.reason) for one in results]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        "  ".join(
            [*(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False)), row[3]]
        ).rstrip()
        for row in rows
    )
