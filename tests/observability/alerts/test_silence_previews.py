"""What a silence would match, measured by what a real Alertmanager then keeps silent."""

import random
from collections.abc import Iterator
from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.accounts.models import User
from apps.clusters.models import Cluster
from apps.observability.models import Alert
from apps.observability.queries import silences
from tests.conftest import signed_in
from tests.factories import make_cluster
from tests.observability.alerts.one_alertmanager import Alertmanager
from tests.observability.alerts.silencing import URL, know, make

pytestmark = pytest.mark.django_db

LABEL_VALUES = {
    "alertname": ["NodeDown", "DiskFull", "Überlast", "two\nlines"],
    "namespace": ["shop", "bank", "shop-2", "kube-system"],
    "pod": ["web-0", "web-1", "web.1", "WEB-0", " web-0"],
    "severity": ["critical", "warning", "none"],
}
EXPRESSIONS = [
    "",
    ".*",
    ".+",
    "shop|bank",
    "shop.*",
    "sh.p",
    "^shop$",
    "(?i)web-0",
    "web.1",
    r"web\.1",
    "[a-z]+-[0-9]",
    "two.lines",
    "(?s)two.lines",
    "two[^a]lines",
    r"\w+",
    r"\pL+",
    "(web|WEB)-[01]",
    "critical|",
    "web-0$|shop",
    r"\Qweb.1\E",
]


def generated(count: int) -> Iterator[list[dict[str, Any]]]:
    chance = random.Random(20260304)
    for _ in range(count):
        matchers = []
        for name in chance.sample([*LABEL_VALUES, "missing"], chance.choice([1, 1, 2, 3])):
            is_regex = chance.random() < 0.6
            plain = [*LABEL_VALUES.get(name, ["x"]), ""]
            value = chance.choice(EXPRESSIONS if is_regex else plain)
            is_equal = chance.random() < 0.7
            matchers.append(
                {"name": name, "value": value, "is_regex": is_regex, "is_equal": is_equal}
            )
        yield matchers


def test_the_preview_is_what_alertmanager_then_keeps_silent(
    api: APIClient, cluster: Cluster, alertmanager: Alertmanager
) -> None:
    chance = random.Random(20260305)
    alertmanager.fire(
        *(
            {"alertname": chance.choice(LABEL_VALUES["alertname"]), "number": str(number)}
            | {
                name: chance.choice(values)
                for name, values in LABEL_VALUES.items()
                if name != "alertname" and chance.random() < 0.7
            }
            for number in range(100)
        )
    )
    know(cluster, alertmanager)
    matched = refused = 0
    for number, matchers in enumerate(generated(200)):
        shown: Any = api.post(f"{URL}/preview", {"matchers": matchers}, format="json")
        response = make(api, cluster, matchers=matchers, comment=f"Number {number}")
        assert shown.status_code == response.status_code
        if response.status_code == 400:
            assert alertmanager.refuses(matchers), matchers
            refused += 1
            continue
        [result] = response.json()["results"]
        assert result["status"] == "CREATED", result
        silent = alertmanager.silenced_by(result["id"])
        assert shown.json()["total"] == len(silent), matchers
        fingerprints = {one["fingerprint"] for one in silent}
        for each in shown.json()["clusters"]:
            assert {one["fingerprint"] for one in each["alerts"]} <= fingerprints
        matched += bool(silent)
        alertmanager.delete(f"silence/{result['id']}")
    assert matched > 80
    assert refused > 10


def test_a_preview_shows_no_alert_of_what_one_may_not_see(
    operator_of_red: User, cluster: Cluster, alertmanager: Alertmanager
) -> None:
    alertmanager.fire({"alertname": "DiskFull", "node": "a"})
    blue = make_cluster("blue-1", alertmanager_url=alertmanager.url)
    know(cluster, alertmanager)
    know(blue, alertmanager)
    api = signed_in(operator_of_red)
    matchers = [{"name": "alertname", "value": "DiskFull"}, {"name": "node", "value": "a"}]
    shown: Any = api.post(f"{URL}/preview", {"matchers": matchers}, format="json").json()
    assert [(one["cluster_name"], one["total"]) for one in shown["clusters"]] == [("red-1", 1)]
    body = {"matchers": matchers, "cluster_ids": [str(blue.pk)]}
    assert api.post(f"{URL}/preview", body, format="json").status_code == 404


def test_a_preview_says_where_there_are_more_alerts_than_it_compares(
    api: APIClient, cluster: Cluster, alertmanager: Alertmanager, monkeypatch: pytest.MonkeyPatch
) -> None:
    alertmanager.fire(*({"alertname": "Many", "node": node} for node in "abcd"))
    know(cluster, alertmanager)

    def tried(**matcher: Any) -> tuple[int, bool]:
        body = {"matchers": [matcher], "cluster_ids": [str(cluster.pk)]}
        shown: Any = api.post(f"{URL}/preview", body, format="json").json()
        return shown["total"], shown["complete"]

    many: dict[str, Any] = {"name": "alertname", "value": "Man.", "is_regex": True}
    assert tried(**many) == (4, True)
    others = Alert.objects.exclude(alertname="Many").count()
    monkeypatch.setattr(silences, "MOST_LOOKED_AT", others + 4)
    assert tried(**many) == (4, True)
    monkeypatch.setattr(silences, "MOST_LOOKED_AT", 3)
    assert tried(**many)[1] is False
    # By the name itself PostgreSQL finds them, and there are few to be compared.
    monkeypatch.setattr(silences, "MOST_LOOKED_AT", 4)
    assert tried(name="alertname", value="Many") == (4, True)
