"""The addresses and secrets of receivers are sealed, and renewed with the credentials' key."""

import base64
import json
from contextlib import nullcontext
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from apps.observability.actions.alerts.delivering import addressee_of
from apps.observability.models import Receiver
from apps.sealing import key_of
from tests.observability.alerts.notifying import add_receiver

pytestmark = pytest.mark.django_db(transaction=True)
HOOK = "https://hooks.example.net/secret-part"
OLD, NEW = (
    f"{name}:{base64.b64encode(name[:1].encode() * 32).decode()}" for name in ("old", "new")
)


def rotate(capsys: pytest.CaptureFixture[str], *arguments: str, fails: bool = False) -> Any:
    """What it reports; it exits with 1 when something `fails`."""
    capsys.readouterr()
    with pytest.raises(CommandError) if fails else nullcontext():
        call_command("rotate_keys", "--json", *arguments)
    return json.loads(capsys.readouterr().out)


def test_an_old_key_goes_once_nothing_of_a_receiver_needs_it(
    api: APIClient, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.SEALING_KEYS = OLD
    secret = add_receiver(api, HOOK)["signing_secret"]
    settings.SEALING_KEYS = f"{NEW},{OLD}"
    tried = rotate(capsys, "--dry-run")
    assert (tried["resealed"], tried["needed"], tried["removable"]) == (2, {"old": 2}, [])
    done = rotate(capsys)
    assert (done["resealed"], done["needed"], done["removable"]) == (2, {"new": 2}, ["old"])
    settings.SEALING_KEYS = NEW
    found = addressee_of(Receiver.objects.get())
    assert (found.url, found.signing_secret) == (HOOK, secret)
    assert HOOK not in repr(found)
    assert rotate(capsys)["already"] == 2


def test_a_text_whose_key_is_gone_is_named_and_keeps_nothing_else(
    api: APIClient, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.SEALING_KEYS = OLD
    lost = add_receiver(api, HOOK, name="lost", kind="SLACK")
    settings.SEALING_KEYS = f"{NEW}"
    add_receiver(api, HOOK, name="kept")
    report = rotate(capsys, fails=True)
    assert [(one["cluster"], one["cluster_id"]) for one in report["failed"]] == [
        ("lost", lost["id"])
    ]
    tried = api.post(f"/api/v1/alerts/receivers/{lost['id']}/test").json()
    assert tried["error"] == "its address cannot be opened: a sealing key is missing"


def test_a_sealed_text_opens_in_its_own_row_alone(api: APIClient) -> None:
    add_receiver(api, HOOK, name="one")
    add_receiver(api, "https://other.example.net/", name="two")
    one, two = Receiver.objects.order_by("name")
    assert key_of(one.url) == "tests"
    Receiver.objects.filter(pk=two.pk).update(url=one.url)
    tried = api.post(f"/api/v1/alerts/receivers/{two.pk}/test").json()
    assert "cannot be opened" in tried["error"]
