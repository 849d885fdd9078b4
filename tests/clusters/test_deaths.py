"""A worker killed at any step leaves a whole state behind: the old one or the new one."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import AuditEvent
from apps.clusters.models import CheckSchedule, Cluster, HealthCheck
from apps.clusters.models.cluster import State
from apps.clusters.vault.store import unlock
from tests.clusters import keeper
from tests.clusters.gated import Gated, gated
from tests.contract.conftest import addresses
from tests.factories import make_cluster
from tests.factories.kubeconfigs import cluster_of, kubeconfig
from tests.fakes.upstream import Upstream, serve
from tests.processes import process, said_by

__all__ = ["gated"]
pytestmark = pytest.mark.django_db(transaction=True)
Order = Callable[..., str]
# An operation has hundreds of steps. With 1 it dies at every one of them.
STRIDE = int(os.environ.get("AIOPS_DEATH_STRIDE", "11"))
NEVER = 10**9
NAMES = ("alpha", "beta", "gamma")


@pytest.fixture(scope="module")
def mortal(django_db_setup: None) -> Iterator["subprocess.Popen[str]"]:
    env = os.environ | addresses() | {"AIOPS_ALLOW_INSECURE_UPSTREAMS": "1"}
    command = [sys.executable, "-m", "tests.clusters.dying"]
    with process(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as started:
        yield started


@pytest.fixture
def die_at(mortal: "subprocess.Popen[str]") -> Order:
    """Have an operation made in a process that dies at a step, unless it is done before."""

    def order(step: int, name: str, **arguments: object) -> str:
        assert mortal.stdin is not None
        mortal.stdin.write(f"{name} {step} {json.dumps(arguments)}\n")
        mortal.stdin.flush()
        return said_by(mortal)

    return order


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with serve() as running:
        running.answers["/readyz"] = (200, "ok")
        yield running


def test_a_check_that_dies_is_made_again_and_leaves_no_half_verdict(
    die_at: Order, upstream: Upstream
) -> None:
    cluster = make_cluster("mortal", api_server_url=upstream.url)
    deaths, end = 0, ""
    for step in count(0, STRIDE):
        CheckSchedule.objects.update(next_check_at=timezone.now())
        end = die_at(step, "check")
        has_one_verdict(cluster)
        if end != "killed":
            break
        deaths += 1
        # Each survivor must have something to write.
        upstream.answers["/readyz"] = (200 if deaths % 2 else 500, "ok")
    assert end == "done"
    assert deaths > 10
    assert cluster.state in {State.ONLINE, State.OFFLINE}
    assert CheckSchedule.objects.get().next_check_at > timezone.now()


def has_one_verdict(cluster: Cluster) -> None:
    """History, schedule and cluster tell of the same last check."""
    cluster.refresh_from_db()
    schedule = CheckSchedule.objects.get(cluster=cluster)
    last = HealthCheck.objects.filter(cluster=cluster).order_by("-checked_at").first()
    assert schedule.checked_at == (last.checked_at if last else None)
    assert cluster.state == (last.state if last else State.UNKNOWN)
    assert cluster.health_score == (last.health_score if last else 0)
    # Whoever dies with a claim costs the cluster no more than its interval.
    assert schedule.next_check_at <= timezone.now() + timedelta(seconds=35)


@pytest.mark.parametrize("update", [False, True], ids=["of new clusters", "of new keys"])
def test_an_import_that_dies_has_brought_all_or_nothing(die_at: Order, update: bool) -> None:
    old, new = (
        kubeconfig(**{name: (cluster_of(at), {"token": key}) for at, name in enumerate(NAMES)})
        for key in ("old", "new")
    )
    before = dict.fromkeys(NAMES, "old") if update else {}
    after = dict.fromkeys(NAMES, "new")
    deaths, end = 0, ""
    for step in count(0, STRIDE):
        if tokens() != before:
            Cluster.objects.all().delete()
            if update:
                assert die_at(NEVER, "import", text=old, update=False) == "done"
        audited = AuditEvent.objects.count()
        end = die_at(step, "import", text=new, update=update)
        assert tokens() in (before, after)
        # What was done is in the audit trail, and nothing else is.
        assert (AuditEvent.objects.count() > audited) == (tokens() == after)
        if end != "killed":
            break
        deaths += 1
    assert end == "done"
    assert deaths > 30
    assert tokens() == after


def tokens() -> dict[str, str]:
    """Return the key of each cluster, which must be there with all that belongs to it."""
    clusters = Cluster.objects.select_related("credential", "schedule")
    assert all(one.schedule.pk == one.credential.pk for one in clusters)
    return {one.name: unlock(one.credential).token for one in clusters}


@pytest.mark.parametrize("store", ["database", "kubernetes"])
def test_a_rotation_that_dies_leaves_one_whole_credential_that_works(
    die_at: Order, gated: Gated, settings: Any, tmp_path: Path, store: str
) -> None:
    with keeper.serve(tmp_path) as running:
        location = running.location if store == "kubernetes" else None
        settings.CREDENTIAL_STORE, settings.CREDENTIAL_KUBERNETES = store, location
        running.mend()
        gated.send(token="old", prometheus_token="old-p")
        deaths, end = 0, ""
        for step in count(0, 3 * STRIDE):
            before = gated.secrets
            wanted = "new" if before.token == "old" else "old"
            rotated = AuditEvent.objects.filter(action="rotated").count()
            end = die_at(step, "rotate", cluster="hub", token=wanted, keeper=location)
            after = gated.secrets
            assert after in (before, replace(before, token=wanted))
            assert gated.row.holds == ["token", "prometheus_token"]
            told = AuditEvent.objects.filter(action="rotated").count() - rotated
            assert told == (after != before)
            if end != "killed":
                break
            deaths += 1
        assert end == "done"
        assert deaths > 15
        assert gated.send("/validate").json()["valid"]
        # What the dead have left behind is swept up, and the one that works stays.
        assert len(running.safe.secrets) == (store == "kubernetes")
