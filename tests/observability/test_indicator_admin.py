"""The fleet's indicators in the admin: edited with care, renewed by the project, kept by people."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from apps.accounts.models import AuditEvent, User
from apps.observability.actions import library
from apps.observability.admin.indicators import QUERIES
from apps.observability.collect.library import LIBRARY
from apps.observability.models import Indicator
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(admin: User) -> Client:
    client = Client()
    client.force_login(admin)
    return client


def form(**changes: Any) -> dict[str, Any]:
    """What the page of a new indicator sends."""
    return {
        "name": "queue-length",
        "title": "Queue",
        "unit": "jobs",
        "query": "sum(queue_length)",
        "direction": "ABOVE",
        "significance": "0.5",
        "enabled": "on",
        **changes,
    }


def url_of(indicator: Indicator) -> str:
    return f"/admin/observability/indicator/{indicator.pk}/change/"


def edit(browser: Client, indicator: Indicator, **changes: Any) -> Any:
    names = [*QUERIES, "title", "description", "unit", "warning", "critical"]
    names += ["direction", "significance"]
    sent = {name: getattr(indicator, name) for name in names}
    sent = {name: "" if value is None else value for name, value in sent.items()}
    return browser.post(url_of(indicator), {**sent, "enabled": "on", **changes})


def test_the_project_brings_its_indicators() -> None:
    assert Indicator.objects.filter(built_in=True).count() == len(LIBRARY) >= 20
    assert library.install() == 0


def test_an_indicator_is_made_in_the_admin_and_noted(browser: Client) -> None:
    response = browser.post("/admin/observability/indicator/add/", form())
    assert response.status_code == 302
    made = Indicator.objects.get(name="queue-length")
    assert not made.built_in
    assert AuditEvent.objects.get(action="made").object_name == "queue-length"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"query": "sum("}, "query"),
        ({"query": "up[5m]"}, "no range"),
        ({"query": '"words"'}, "no range"),
        ({"query_microshift": "up{"}, "query_microshift"),
        ({"warning": "5", "critical": "2"}, "Swap the two"),
        ({"warning": "2", "critical": "5", "direction": "BELOW"}, "Swap the two"),
        ({"name": "Queue Length"}, "lower-case"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_its_field(
    browser: Client, changes: dict[str, str], sentence: str
) -> None:
    response = browser.post("/admin/observability/indicator/add/", form(**changes))
    assert response.status_code == 200
    assert sentence in response.content.decode()
    assert not Indicator.objects.filter(built_in=False).exists()


def test_what_is_edited_outlives_the_next_version(browser: Client) -> None:
    indicator = Indicator.objects.get(name="cpu-percent")
    assert edit(browser, indicator, warning="70").status_code == 302
    library.install()
    indicator.refresh_from_db()
    assert (indicator.warning, indicator.edited) == (70, True)


def test_what_nobody_edited_is_renewed_and_stays_switched_off() -> None:
    Indicator.objects.filter(name="cpu-percent").update(query="of_old", enabled=False)
    assert library.install() == 1
    indicator = Indicator.objects.get(name="cpu-percent")
    assert indicator.query != "of_old"
    assert not indicator.enabled


def test_a_name_that_was_taken_before_us_stays_with_who_took_it() -> None:
    Indicator.objects.filter(name="cpu-percent").delete()
    Indicator.objects.create(name="cpu-percent", title="Mine", query="mine")
    library.install()
    assert Indicator.objects.get(name="cpu-percent").title == "Mine"


def act(browser: Client, action: str, *indicators: Indicator) -> Any:
    sent = {"action": action, "_selected_action": [one.pk for one in indicators]}
    return browser.post("/admin/observability/indicator/", sent, follow=True)


def test_edits_are_taken_back_and_indicators_switched_from_the_list(browser: Client) -> None:
    indicator = Indicator.objects.get(name="cpu-percent")
    edit(browser, indicator, warning="70")
    act(browser, "restore", indicator)
    act(browser, "disable", indicator)
    indicator.refresh_from_db()
    assert (indicator.warning, indicator.edited, indicator.enabled) == (80, False, False)


def test_a_built_in_indicator_is_not_deleted(browser: Client) -> None:
    mine = Indicator.objects.create(name="mine", title="Mine", query="mine")
    ours = Indicator.objects.get(name="cpu-percent")
    assert browser.post(f"/admin/observability/indicator/{ours.pk}/delete/").status_code == 403
    sent = {"action": "delete_selected", "_selected_action": [mine.pk, ours.pk], "post": "yes"}
    browser.post("/admin/observability/indicator/", sent)
    assert Indicator.objects.filter(name="cpu-percent").exists()
    url = f"/admin/observability/indicator/{mine.pk}/delete/"
    assert browser.post(url, {"post": "yes"}).status_code == 302
    assert not Indicator.objects.filter(name="mine").exists()


def test_editing_takes_a_role_over_everything() -> None:
    staff = make_user("staff", is_staff=True)
    staff.user_permissions.set(Permission.objects.filter(content_type__app_label="observability"))
    client = Client()
    client.force_login(staff)
    indicator = Indicator.objects.get(name="cpu-percent")
    assert client.get(url_of(indicator)).status_code == 200
    assert edit(client, indicator, warning="1").status_code == 403
