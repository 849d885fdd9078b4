"""A kubeconfig comes in by REST, by the command line, and by the admin in two steps."""

import io
import json
import re
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from rest_framework.test import APIClient

from apps.accounts.models import User
from apps.clusters.kube.plain_yaml import MOST_BYTES
from apps.clusters.models import Cluster
from apps.clusters.models.grant import Role
from apps.clusters.vault.store import unlock
from tests.conftest import signed_in
from tests.factories import grant, make_cluster, make_user
from tests.factories.kubeconfigs import cluster_of, kubeconfig, one

pytestmark = pytest.mark.django_db

URL = "/api/v1/clusters/import"
PAGE = "/admin/clusters/cluster/import/"
MIXED = kubeconfig(
    alpha=(cluster_of(1), {"token": "ta"}),
    bad=(cluster_of(2), {"exec": {"command": "id"}}),
)


def test_a_label_that_is_no_text_is_refused(api: APIClient) -> None:
    body = {"kubeconfig": MIXED, "labels": {"team": 5}}
    response = api.post(URL, body, format="json")
    assert response.status_code == 400
    assert "labels" in response.content.decode()
    assert not Cluster.objects.exists()


def test_an_import_answers_one_result_per_context(api: APIClient) -> None:
    body = {
        "kubeconfig": MIXED,
        "contexts": [],
        "prefix": "lab-",
        "labels": {"team": "red"},
        "names": {"alpha": "frankfurt"},
    }
    response = api.post(URL, body, format="json")
    assert response.status_code == 200
    alpha, bad = response.json()["results"]
    cluster = Cluster.objects.get()
    assert alpha == {
        "context": "alpha",
        "status": "CREATED",
        "reason": "",
        "name": "frankfurt",
        "api_server_url": "https://api.c1.example.net:6443",
        "cluster_id": str(cluster.pk),
    }
    assert (bad["status"], bad["cluster_id"]) == ("REFUSED", None)
    assert cluster.labels == {"team": "red"}


def test_a_dry_run_over_rest_registers_nothing(api: APIClient) -> None:
    response = api.post(URL, {"kubeconfig": MIXED, "dry_run": True}, format="json")
    assert [one["status"] for one in response.json()["results"]] == ["CREATED", "REFUSED"]
    assert not Cluster.objects.exists()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"kubeconfig": ""}, "kubeconfig"),
        ({"kubeconfig": "a: &b c"}, "anchor or alias"),
        ({"kubeconfig": "x" * (MOST_BYTES + 1)}, "kubeconfig"),
        ({"kubeconfig": ["t0k3n"]}, "kubeconfig"),
        ({"kubeconfig": "t0k3n: \x00"}, "kubeconfig"),
        ({"labels": {"a b": "c"}}, "labels"),
        ({"labels": {"a": {"t0k3n": 1}}}, "labels"),
        ({"contexts": "alpha"}, "contexts"),
        ({"names": []}, "names"),
    ],
)
def test_a_request_that_cannot_be_used_is_refused_and_quoted_nowhere(
    api: APIClient, change: dict[str, Any], says: str
) -> None:
    response = api.post(URL, {"kubeconfig": one()} | change, format="json")
    assert response.status_code == 400
    assert says in response.json()["error"]["message"]
    assert "t0k3n" not in response.content.decode()
    assert not Cluster.objects.exists()


def test_a_megabyte_is_taken(api: APIClient) -> None:
    text = one()
    padded = text + "\n#" + "x" * (MOST_BYTES - len(text) - 2)
    assert api.post(URL, {"kubeconfig": padded}, format="json").status_code == 200
    assert Cluster.objects.count() == 1


def test_only_who_may_register_may_import(operator_of_red: User) -> None:
    limited = make_user("team-admin")
    grant(limited, Role.ADMIN, label_selector={"team": "red"})
    for user in (operator_of_red, limited):
        response = signed_in(user).post(URL, {"kubeconfig": one()}, format="json")
        assert response.status_code == 403
    everywhere = make_user("registrar")
    grant(everywhere, Role.ADMIN, everywhere=True)
    response = signed_in(everywhere).post(URL, {"kubeconfig": one()}, format="json")
    assert response.status_code == 200
    assert APIClient().post(URL, {"kubeconfig": one()}, format="json").status_code == 401


def run(*arguments: str) -> tuple[str, int]:
    out = io.StringIO()
    try:
        call_command("import_kubeconfig", *arguments, stdout=out)
    except CommandError as error:
        return f"{out.getvalue()}{error}", error.returncode
    return out.getvalue(), 0


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "config"
    path.write_text(MIXED)
    return str(path)


def test_the_command_prints_a_table_and_says_by_its_status_that_some_were_refused(
    file: str,
) -> None:
    text, status = run(file, "--prefix", "lab-", "--label", "team=red")
    assert status == 1
    assert re.search(r"^CONTEXT +STATUS +CLUSTER +REASON$", text, re.MULTILINE)
    assert re.search(r"^alpha +CREATED +lab-alpha$", text, re.MULTILINE)
    assert re.search(r'^bad +REFUSED +- +Context "bad" has exec', text, re.MULTILINE)
    assert text.endswith("1 of 2 contexts refused.")
    assert Cluster.objects.get().labels == {"team": "red"}


def test_the_command_reads_stdin_and_prints_json(monkeypatch: pytest.MonkeyPatch) -> None:
    given = io.TextIOWrapper(io.BytesIO(b"\xef\xbb\xbf" + MIXED.encode()))
    monkeypatch.setattr(sys, "stdin", given)
    text, status = run("-", "--context", "alpha", "--json", "--dry-run")
    assert status == 0
    (result,) = json.loads(text)["results"]
    assert (result["status"], result["cluster_id"]) == ("CREATED", None)
    assert not Cluster.objects.exists()


def test_the_command_updates_where_it_is_told_to(file: str) -> None:
    make_cluster("hub", token="old", api_server_url="https://api.c1.example.net:6443")
    assert "EXISTS" in run(file, "--context", "alpha")[0]
    text, status = run(file, "--context", "alpha", "--update")
    assert ("UPDATED" in text, status) == (True, 0)
    assert unlock(Cluster.objects.get().credential).token == "ta"


@pytest.mark.parametrize(
    ("content", "arguments"),
    [
        (b"a: &b c", []),
        (b"\xff\xfe\x00", []),
        (b"#" * (MOST_BYTES + 1), []),
        (MIXED.encode(), ["--label", "team"]),
        (MIXED.encode(), ["--label", "a b=c"]),
        (None, []),
    ],
)
def test_a_file_that_cannot_be_used_is_status_two(
    tmp_path: Path, content: bytes | None, arguments: list[str]
) -> None:
    path = tmp_path / "config"
    if content is not None:
        path.write_bytes(content)
    assert run(str(path), *arguments)[1] == 2
    assert not Cluster.objects.exists()


@pytest.fixture
def browser(admin: User) -> Client:
    client = Client()
    client.force_login(admin)
    return client


def preview(browser: Client, text: str = MIXED, **fields: str) -> str:
    response = browser.post(PAGE, {"text": text} | fields)
    assert response.status_code == 200
    return response.content.decode()


def hidden(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))


def test_the_list_of_clusters_leads_to_the_import(browser: Client) -> None:
    assert PAGE in browser.get("/admin/clusters/cluster/").content.decode()
    assert browser.get(PAGE).status_code == 200


def test_a_preview_shows_every_context_and_registers_nothing(browser: Client) -> None:
    page = preview(browser, name_prefix="lab-")
    assert 'name="context-0" value="alpha"' in page
    assert 'name="name-0" value="lab-alpha"' in page
    assert 'name="context-1"' not in page
    assert "has exec for its user" in page
    assert not Cluster.objects.exists()


def test_what_is_ticked_is_imported_by_the_name_beside_it(browser: Client) -> None:
    upload = SimpleUploadedFile("config", MIXED.encode())
    response = browser.post(PAGE, {"file": upload, "labels": "team=red, tier=1"})
    sent = hidden(response.content.decode())
    sent |= {"context-0": "alpha", "name-0": "frankfurt"}
    done = browser.post(PAGE, sent, follow=True).content.decode()
    assert "Clusters: 1 registered." in done
    cluster = Cluster.objects.get()
    assert (cluster.name, cluster.labels) == ("frankfurt", {"team": "red", "tier": "1"})
    assert unlock(cluster.credential).token == "ta"


def test_what_was_pasted_is_never_shown_again(browser: Client) -> None:
    secret = "sup3rs3cret-t0ken"
    text = kubeconfig(alpha=(cluster_of(1), {"token": secret}))
    assert secret not in preview(browser, text)
    for page in (preview(browser, text, labels="no label"), preview(browser, f"a: &{secret} b")):
        assert secret not in page
        assert "errornote" in page or "errorlist" in page


def test_an_old_preview_or_anothers_or_none_imports_nothing(browser: Client) -> None:
    sent = hidden(preview(browser)) | {"context-0": "alpha"}
    other = Client()
    other.force_login(make_user("eve", is_staff=True, is_superuser=True))
    assert "older than ten minutes" in other.post(PAGE, sent, follow=True).content.decode()
    for sealed in ("", "v1.tests.AAAA", "x"):
        again = browser.post(PAGE, sent | {"sealed": sealed}, follow=True)
        assert "older than ten minutes" in again.content.decode()
    with time_machine.travel(_later(), tick=False):
        browser.force_login(User.objects.get(username="ada"))
        assert "older than ten minutes" in browser.post(PAGE, sent, follow=True).content.decode()
    assert not Cluster.objects.exists()


def _later() -> Any:
    from django.utils import timezone

    return timezone.now() + timedelta(minutes=11)


def test_nothing_ticked_is_said(browser: Client) -> None:
    done = browser.post(PAGE, hidden(preview(browser)), follow=True).content.decode()
    assert "No context was chosen" in done


def test_staff_who_may_not_register_see_no_import() -> None:
    staff = make_user("staff", is_staff=True)
    staff.user_permissions.set(Permission.objects.all())
    grant(staff, Role.ADMIN, label_selector={"team": "red"})
    client = Client()
    client.force_login(staff)
    assert PAGE not in client.get("/admin/clusters/cluster/").content.decode()
    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE, {"text": MIXED}).status_code == 403
