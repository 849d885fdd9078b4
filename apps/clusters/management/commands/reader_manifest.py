"""`manage.py reader_manifest`: print the role that a cluster's token should have."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from apps.clusters.models.cluster import Platform
from apps.clusters.reader_role import manifest


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

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(manifest(options["platform"]), ending="")
