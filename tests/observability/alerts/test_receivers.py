"""Receivers and routes over REST: what may be written into them, and what is never read again."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.observability.models import Receiver
from tests.observability.alerts.notifying import URL, add_receiver, add_route

pytestmark = pytest.mark.django_db
HOOK = "https://hooks.example.net/services/T0/B0/secret-part"


def refusal(api: APIClient, **fields: Any) -> tuple[int, list[str]]:
    body = {"name": "bridge", "kind": "WEBHOOK", **fields}
    response = api.post(f"{URL}/receivers", body, format="json")
    return response.status_code, list(response.json()["error"]["details"]["fields"])


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.net/",
        "ftp://hooks.example.net/",
        "file:///etc/passwd",
        "https://user:password@hooks.example.net/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::ffff:169.254.169.254]/",
        "https://[64:ff9b::a9fe:a9fe]/",
        "https://0.0.0.0/",
        "https://0x7f000001/",
        "https://127.1/",
        "https://[fe80::1%25eth0]/",
        "https://100.100.100.200/",
        "https://hooks.example.net:0/",
        "https://hooks.example.net/#part",
        "https://hooks.example.net\\@evil/",
        "https:///nowhere",
        "hooks.example.net",
        "https://" + "a" * 2100 + ".net/",
    ],
)
def test_no_address_leads_where_nobody_may_be_told(api: APIClient, url: str) -> None:
    assert refusal(api, url=url) == (400, ["url"])
    assert not Receiver.objects.exists()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "a.localhost"])
def test_nobody_is_told_on_our_own_machine(api: APIClient, host: str, settings: Any) -> None:
    settings.ALLOW_LOOPBACK_UPSTREAMS = False
    assert refusal(api, url=f"https://{host}/hook") == (400, ["url"])


def test_an_address_is_seen_by_its_host_alone(api: APIClient) -> None:
    made = add_receiver(api, HOOK, kind="SLACK")
    assert made["host"] == "https://hooks.example.net"
    for response in (
        api.get(f"{URL}/receivers"),
        api.get(f"{URL}/receivers/{made['id']}"),
        api.patch(f"{URL}/receivers/{made['id']}", {"name": "channel"}, format="json"),
    ):
        assert response.status_code == 200
        assert "secret-part" not in response.content.decode()
    row = Receiver.objects.get()
    assert "secret-part" not in str(vars(row))


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({}, ["url"]),
        ({"kind": "PIGEON", "url": HOOK}, ["kind"]),
        ({"url": HOOK, "signing_secret": "whsec_short"}, ["signing_secret"]),
        ({"url": HOOK, "email_addresses": ["a@example.net"]}, ["email_addresses"]),
        ({"kind": "SLACK", "url": HOOK, "signing_secret": "whsec_" + "A" * 44}, ["signing_secret"]),
        ({"kind": "EMAIL", "email_addresses": ["a@example.net"]}, ["kind"]),
        ({"url": HOOK, "ca_bundle": "no certificate"}, ["ca_bundle"]),
        ({"kind": "EMAIL", "email_addresses": ["a@b.net\nBcc: c@d.net"]}, ["email_addresses"]),
    ],
)
def test_what_does_not_fit_is_refused_by_its_name(
    api: APIClient, fields: dict[str, Any], named: list[str]
) -> None:
    assert refusal(api, **fields) == (400, named)


def test_names_are_unique_and_a_receiver_in_use_stays(api: APIClient) -> None:
    made = add_receiver(api, HOOK)
    again = api.post(
        f"{URL}/receivers", {"name": "bridge", "kind": "WEBHOOK", "url": HOOK}, format="json"
    )
    assert (again.status_code, again.json()["error"]["code"]) == (409, "NAME_ALREADY_EXISTS")
    route = add_route(api, made["id"])
    in_use = api.delete(f"{URL}/receivers/{made['id']}")
    assert (in_use.status_code, in_use.json()["error"]["code"]) == (409, "RECEIVER_IN_USE")
    assert api.delete(f"{URL}/routes/{route['id']}").status_code == 204
    assert api.delete(f"{URL}/receivers/{made['id']}").status_code == 204
    assert api.get(f"{URL}/receivers").json()["total"] == 0


def test_a_route_is_added_changed_and_listed_in_order(api: APIClient) -> None:
    made = add_receiver(api, HOOK)
    last = add_route(api, made["id"], name="last", position=9)
    assert (last["interval_seconds"], last["group_by"]) == (300, ["cluster", "alertname"])
    add_route(api, made["id"], name="first", position=1, group_by=["a", "a", "b"])
    names = [one["name"] for one in api.get(f"{URL}/routes").json()["items"]]
    assert names == ["first", "last"]
    changed = api.patch(f"{URL}/routes/{last['id']}", {"severities": ["WARNING"]}, format="json")
    assert changed.json() == last | {
        "severities": ["WARNING"],
        "updated_at": changed.json()["updated_at"],
    }


@pytest.mark.parametrize(
    "fields",
    [
        {"receiver_id": "00000000-0000-4000-8000-000000000000"},
        {"severities": ["LOUD"]},
        {"cluster_labels": {"a b": "c"}},
        {"alert_labels": {"": "x"}},
        {"alert_labels": {"a": "x" * 1001}},
        {"alert_labels": {str(n): "x" for n in range(21)}},
        {"interval_seconds": 1},
        {"group_wait_seconds": -1},
        {"group_by": [str(n) for n in range(11)]},
        {"position": "first"},
    ],
    ids=lambda fields: str(fields)[:40],
)
def test_a_route_that_does_not_fit_is_refused_by_its_field(
    api: APIClient, fields: dict[str, Any]
) -> None:
    made = add_receiver(api, HOOK)
    body = {"name": "all", "receiver_id": made["id"], **fields}
    response = api.post(f"{URL}/routes", body, format="json")
    assert response.status_code == 400
    assert list(response.json()["error"]["details"]["fields"]) == list(fields)
