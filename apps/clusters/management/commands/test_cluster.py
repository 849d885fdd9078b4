"""`manage.py test_cluster NAME|--all`: check clusters now, and say how far each check came."""

from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError

from apps.clusters.actions.testing import Tested, ask_now, describe
from apps.clusters.models import Cluster
from apps.clusters.steps import Step, StepStatus

SOME_FAILED, UNUSABLE = 1, 2


class Command(BaseCommand):
    help = (
        "Check clusters now, and record it. Exit status: 0 nothing failed, 1 something did, 2 "
        "there is no such cluster."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("names", metavar="NAME", nargs="*", default=[], help="these clusters")
        which.add_argument("--all", action="store_true", help="all clusters that are enabled")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        tested = ask_now(_find(options["names"]))
        print_ = _as_json(tested) if options["json"] else _as_text(tested, brief=options["all"])
        self.stdout.write(print_)
        failed = sum(bool(_failures(one)) for one in tested)
        if failed:
            raise CommandError(
                f"Something failed at {failed} of {len(tested)} clusters.", returncode=SOME_FAILED
            )


def _find(names: Sequence[str]) -> list[Cluster]:
    clusters = Cluster.objects.select_related("credential").order_by("name")
    if not names:
        return list(clusters.enabled())
    found = {cluster.name: cluster for cluster in clusters.filter(name__in=names)}
    unknown = sorted(set(names) - set(found))
    if unknown:
        raise CommandError(f"There is no cluster {', '.join(unknown)}.", returncode=UNUSABLE)
    return [found[name] for name in dict.fromkeys(names)]


def _failures(one: Tested) -> list[Step]:
    return [step for step in one.steps if step.status == StepStatus.FAILED]


def _as_json(tested: Sequence[Tested]) -> str:
    body = [
        {
            "cluster": one.cluster.name,
            "cluster_id": one.cluster.pk,
            **describe(one).model_dump(),
        }
        for one in tested
    ]
    return orjson.dumps({"results": body}, option=orjson.OPT_INDENT_2).decode()


def _as_text(tested: Sequence[Tested], *, brief: bool) -> str:
    """Of many clusters only what failed is told."""
    lines = []
    for one in tested:
        lines.append(f"{one.cluster.name}: {one.verdict.state} {one.verdict.score}")
        for step in _failures(one) if brief else one.steps:
            latency = "" if step.latency_ms is None else f" ({step.latency_ms} ms)"
            said = f"{step.message} {step.remedy}".strip()
            lines.append(f"  {step.step:<12}  {step.status:<14}  {said}{latency}")
    return "\n".join(lines)
