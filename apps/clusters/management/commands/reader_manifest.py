"""`manage.py reader_manifest`: print the role that a cluster's token should have."""

import re
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.clusters.models.cluster import Platform
from apps.clusters.reader_role import manifest

_NAMESPACE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


class Command(BaseCommand):
    help = (
        "Print the YAML that lets AIOps NextGen read a cluster and change nothing. "
        "Apply it there: manage.py reader_manifest | kubectl apply -f -"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--platform",
            choices=Platform.values,
            default=Platform.OPENSHIFT.value,
            help="what the cluster is; OPENSHIFT unless told otherwise",
        )

        parser.add_argument(
            "--exec-in",
            default="",
            metavar="NAMESPACE",
            help=(
                "let it run commands in the pods of this namespace besides: that of the GPU "
                "operator, to ask nvidia-smi; a strong right, which is not needed for the rest"
            ),
        )

    def handle(self, *args: Any, **options: Any) -> None:
        namespace = options["exec_in"]
        if namespace and not _NAMESPACE.fullmatch(namespace):
            raise CommandError(f"{namespace!r} is no name of a namespace.")
        self.stdout.write(manifest(options["platform"], exec_in=namespace), ending="")
