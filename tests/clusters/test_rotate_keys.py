"""`manage.py rotate_keys`: nothing is lost, whatever happens in between, and old keys can go."""

import base64
import json
from itertools import count
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from apps.accounts.models import AuditEvent
from apps.clusters.actions import credentials, registration, sealing_keys
from apps.clusters.actions.credentials import NewCredential
from apps.clusters.errors import BoxClosed, CredentialsInvalid
from apps.clusters.models import Cluster, Credential
from apps.clusters.vault.opened import OPENED
from apps.clusters.vault.secrets import Secrets
from apps.clusters.vault.store import unlock
from apps.sealing import seal
from tests.clusters.keeper import Keeper
from tests.clusters.test_deaths import Order, die_at, mortal
from tests.factories import make_cluster
from tests.rivals import another_connection

__all__ = ["die_at", "mortal"]
pytestmark = pytest.mark.django_db(transaction=True)


def key(name: str, fill: bytes) -> str:
    return f"{name}:{base64.b64encode(fill * 32).decode()}"


OLD, NEW = key("old", b"1"), key("new", b"2")
BOTH = f"{NEW},{OLD}"


@pytest.fixture
def five(settings: Any) -> list[Cluster]:
    """Clusters whose credentials are sealed with the old key, while the new one is first."""
    settings.SEALING_KEYS = OLD
    clusters = [make_cluster(f"cluster-{n}", token=f"token-{n}") for n in range(5)]
    settings.SEALING_KEYS = BOTH
    return clusters


def tokens() -> dict[str, str]:
    OPENED.clear()
    rows = Credential.objects.select_related("cluster").order_by("cluster__name")
    return {row.cluster.name: unlock(row).token for row in rows}


def rotate(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    capsys.readouterr()
    try:
        call_command("rotate_keys", "--json", *arguments)
    except CommandError as error:
        status = error.returncode
    else:
        status = 0
    said = json.loads(capsys.readouterr().out)
    assert status == bool(said["failed"])
    return said


ALL = {f"cluster-{n}": f"token-{n}" for n in range(5)}


@pytest.mark.usefixtures("five")
def test_everything_is_sealed_with_the_first_key_and_the_old_one_can_go(
    settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    stamps = set(Credential.objects.values_list("updated_at"))
    said = rotate(capsys, "--batch", "2")
    assert said == {
        "key": "new",
        "resealed": 5,
        "already": 0,
        "failed": [],
        "needed": {"new": 5},
        "removable": ["old"],
    }
    settings.SEALING_KEYS = NEW
    assert tokens() == ALL
    # The same secrets are not stored anew.
    assert set(Credential.objects.values_list("updated_at")) == stamps
    again = rotate(capsys)
    assert (again["resealed"], again["already"]) == (0, 5)
    noted = AuditEvent.objects.filter(action="resealed").values_list("object_id", "details")
    assert sorted(noted, key=str) == [
        ("new", {"credentials": 1}),
        ("new", {"credentials": 2}),
        ("new", {"credentials": 2}),
    ]


@pytest.mark.usefixtures("five")
def test_a_dry_run_opens_everything_and_changes_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = list(Credential.objects.order_by("pk").values())
    said = rotate(capsys, "--dry-run")
    assert (said["resealed"], said["removable"], said["needed"]) == (5, [], {"old": 5})
    assert list(Credential.objects.order_by("pk").values()) == before
    assert not AuditEvent.objects.filter(action="resealed").exists()


def test_what_does_not_open_is_named_and_the_rest_is_done(
    five: list[Cluster], settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    lost = five[1].pk
    settings.SEALING_KEYS = key("lost", b"3")
    box = seal("gone", place=f"clusters.credential:{lost}:secrets")
    settings.SEALING_KEYS = BOTH
    moved = Credential.objects.get(pk=five[2].pk).sealed
    Credential.objects.filter(pk=lost).update(sealed=box)
    Credential.objects.filter(pk=five[3].pk).update(sealed=moved)
    said = rotate(capsys)
    failed = {one["cluster"]: one["reason"] for one in said["failed"]}
    assert failed.keys() == {"cluster-1", "cluster-3"}
    assert "No sealing key named 'lost'" in failed["cluster-1"]
    assert "belongs to another row" in failed["cluster-3"]
    assert said["needed"] == {"lost": 1, "new": 3, "old": 1}
    assert said["removable"] == []
    with pytest.raises(CommandError) as refused:
        call_command("rotate_keys")
    assert refused.value.returncode == 1
    text = capsys.readouterr().out
    assert "FAILED cluster-1: No sealing key named 'lost'" in text
    assert "Key old opens 1 credentials, and must stay." in text
    assert "token-" not in text


def test_a_batch_of_nothing_is_misuse() -> None:
    with pytest.raises(CommandError) as refused:
        call_command("rotate_keys", "--batch", "0")
    assert refused.value.returncode == 2


@pytest.mark.usefixtures("five")
def test_people_are_told_what_may_be_removed(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("rotate_keys", "--dry-run")
    assert "5 would be sealed anew with key new" in capsys.readouterr().out
    call_command("rotate_keys")
    assert "Key old opens no credential any more: remove it" in capsys.readouterr().out


def test_old_rows_learn_what_they_hold(
    five: list[Cluster], capsys: pytest.CaptureFixture[str]
) -> None:
    sealing_keys.reseal(sealing_keys.Wishes())
    Credential.objects.filter(pk=five[0].pk).update(holds=[])
    before = Credential.objects.get(pk=five[0].pk).sealed
    said = rotate(capsys)
    row = Credential.objects.get(pk=five[0].pk)
    assert row.holds == ["token", "prometheus_token"]
    assert row.sealed == before
    assert (said["resealed"], said["already"]) == (1, 4)


def test_a_credential_stored_meanwhile_is_not_written_over(
    five: list[Cluster], capsys: pytest.CaptureFixture[str]
) -> None:
    quicker = [five[0], five[4]]

    def come_between(execute: Any, sql: str, *rest: Any) -> Any:
        if "SKIP LOCKED" in sql:
            # What was read before is renewed by now, and is about to be pointed to.
            while quicker:
                credentials.store(quicker.pop(), NewCredential(Secrets(token="stored-meanwhile")))
        return execute(sql, *rest)

    with connection.execute_wrapper(come_between):
        said = rotate(capsys)
    assert tokens() == ALL | dict.fromkeys(("cluster-0", "cluster-4"), "stored-meanwhile")
    assert (said["resealed"], said["already"], said["failed"]) == (3, 2, [])


def test_one_that_somebody_holds_is_left_to_them_and_said(
    five: list[Cluster], capsys: pytest.CaptureFixture[str]
) -> None:
    row = "SELECT 1 FROM clusters_credential WHERE cluster_id = %s FOR UPDATE"
    with another_connection() as somebody:
        somebody.execute(row, [five[0].pk])
        said = rotate(capsys)
    assert said["resealed"] == 4
    assert [one["cluster"] for one in said["failed"]] == ["cluster-0"]
    assert "Run the command again" in said["failed"][0]["reason"]
    assert rotate(capsys)["removable"] == ["old"]


@pytest.mark.usefixtures("five")
def test_killed_at_any_step_it_goes_on_where_it_was(
    die_at: Order, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    deaths, end, progress = 0, "", set()
    for step in count(0, 7):
        end = die_at(step, "reseal", keys=BOTH)
        assert tokens() == ALL
        boxes = Credential.objects.values_list("sealed", flat=True)
        done = sum(box.startswith("v1.new.") for box in boxes)
        noted = AuditEvent.objects.filter(action="resealed").values_list("details", flat=True)
        assert sum(details["credentials"] for details in noted) == done
        progress.add(done)
        if end != "killed":
            break
        deaths += 1
    assert end == "done"
    assert deaths > 10
    assert progress >= {0, 2, 4, 5}
    said = rotate(capsys)
    assert (said["already"], said["removable"]) == (5, ["old"])
    settings.SEALING_KEYS = NEW
    assert tokens() == ALL


def test_credentials_move_between_the_stores_and_back(
    five: list[Cluster], keeper: Keeper, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert rotate(capsys)["resealed"] == 5
    assert keeper.safe.secrets == {}
    said = rotate(capsys, "--move")
    assert (said["resealed"], said["needed"], said["removable"]) == (5, {}, ["old"])
    assert keeper.safe.secrets.keys() == {f"cluster-creds-{cluster.pk}" for cluster in five}
    assert tokens() == ALL
    settings.CREDENTIAL_STORE = "database"
    assert rotate(capsys)["already"] == 5
    keeper.shut()
    away = rotate(capsys, "--move")
    assert len(away["failed"]) + away["resealed"] == 5
    keeper.open()
    OPENED.clear()
    assert rotate(capsys, "--move")["needed"] == {"new": 5}
    settings.SEALING_KEYS = NEW
    assert tokens() == ALL


def test_without_its_key_a_box_does_not_open(five: list[Cluster], settings: Any) -> None:
    settings.SEALING_KEYS = NEW
    with pytest.raises(BoxClosed, match="Put it back"):
        unlock(Credential.objects.get(pk=five[0].pk))
    # The key may come back; until then nobody leads the token to another address.
    for holds in (["token"], []):
        Credential.objects.update(holds=holds)
        with pytest.raises(CredentialsInvalid, match="would follow it"):
            registration.change(five[0], {"api_server_url": "https://127.0.0.2:1"})
