"""A credential goes in and is seen nowhere again: answers, pages, logs, events, rows, errors."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from apps.accounts.models import ApiToken, User
from apps.clusters.actions import checking, discovering, refreshing, webhook_tokens
from apps.clusters.connection import connect
from apps.clusters.models import Cluster, Credential
from apps.clusters.models.grant import Role
from apps.clusters.vault.store import unlock
from tests.clusters.around_a_cluster import put_around
from tests.clusters.canaries import (
    ALL,
    CLIENT_ID,
    IMPORTED,
    OIDC,
    TOKENS,
    Echo,
    crawl_the_admin,
    crawl_the_api,
    listening,
    refuse,
    search_every_row,
    search_redis,
)
from tests.conftest import signed_in
from tests.contract.operations import UNSAFE, Target, operations
from tests.factories import grant, make_cluster, make_user
from tests.factories.kubeconfigs import READER, cluster_of, in_base64, one
from tests.fakes.upstream import Upstream, serve
from tests.streaming.browser import browser_of

URL = "/api/v1/clusters"
IMPORT = f"{URL}/import"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    with listening() as stream:
        yield stream


@pytest.fixture(params=[200, 400, 401, 403, 422, 500, 503])
def echo(request: pytest.FixtureRequest) -> Iterator[Upstream]:
    """An upstream that throws the caller's credentials back at it, with every kind of answer."""
    with serve() as upstream:
        upstream.answers = Echo(upstream, request.param)
        yield upstream


@pytest.fixture
def people(admin: User) -> dict[str, User | None]:
    """Everybody who may see the cluster, somebody who may not, and nobody at all."""
    cast: dict[str, User | None] = {"superuser": admin, "anonymous": None}
    for role in Role:
        cast[role] = make_user(f"some-{role.lower()}", is_staff=True)
        grant(cast[role], role, everywhere=True)  # type: ignore[arg-type]  # made in the line above
    cast["stranger"] = make_user("stranger")
    # One of each thing that a page of ours may be about.
    Group.objects.create(name="a team")
    ApiToken.issue(admin, "of a script")
    return cast


def register(api: APIClient, upstream: Upstream, **credentials: Any) -> str:
    body = {
        "name": "canary-cluster",
        "api_server_url": upstream.url,
        "endpoints": {f"{part}_url": upstream.url for part in ("prometheus", "loki", "tempo")},
        "credentials": credentials,
    }
    response = api.post(URL, body, format="json")
    assert response.status_code == 201, response.content
    refuse(response.content.decode(), "the answer to the registration")
    return f"{URL}/{response.json()['id']}"


def send(api: APIClient, url: str, body: Any = None) -> Any:
    response = api.post(url, body, format="json")
    assert response.status_code != 500
    refuse(f"{response.headers}{response.content.decode()}", url)
    return response


def look_everywhere(people: dict[str, User | None], lines: io.StringIO, **more: str) -> None:
    cluster = Cluster.objects.select_related("credential").get()
    credential = Credential.objects.get()
    shown = repr(connect(cluster)) + repr(unlock(credential)) + str(vars(credential))
    refuse(shown, "a representation")
    keeper = next(user for user in people.values() if user and user.is_staff)
    put_around(cluster, keeper)
    crawl_the_api(cluster, people, **more)
    for name, user in people.items():
        if user and user.is_staff:
            below = "/admin/" if name == "superuser" else "/admin/clusters/"
            pages = crawl_the_admin(user, below, **more)
            page = f"/admin/clusters/cluster/{cluster.pk}/change/"
            assert name != "superuser" or page in pages
    search_every_row(**more)
    search_redis(**more)
    refuse(lines.getvalue(), "the log", **more)
    assert lines.getvalue()


def make_rounds() -> None:
    """Have everything done in the background that a credential is used for."""
    async_to_sync(checking.check_due)()
    async_to_sync(discovering.discover_due)()
    Credential.objects.update(refresh_at=timezone.now())
    async_to_sync(refreshing.refresh_due)()


def test_a_credential_is_seen_nowhere_again(
    api: APIClient,
    people: dict[str, User | None],
    echo: Upstream,
    lines: io.StringIO,
    settings: Any,
) -> None:
    settings.ALLOW_INSECURE_UPSTREAMS = True
    url = register(api, echo, **TOKENS)
    make_rounds()
    for path, body in {
        "credentials": TOKENS,
        "credentials/validate": None,
        "credentials/rotate": TOKENS,
        "test": None,
        "refresh": None,
    }.items():
        send(api, f"{url}/{path}", body)
    send(api, f"{url}/credentials/validate", TOKENS)
    send(api, f"{url}/credentials", {**TOKENS, "ca_bundle": "x"})
    for part in ("query", "query_range"):
        span = {"start_time": 1, "end_time": 2, "step": "1s"} if part == "query_range" else {}
        send(api, f"/api/v1/metrics/{part}", {"query": "up"} | span)
    make_rounds()
    out = io.StringIO()
    try:
        call_command("test_cluster", "canary-cluster", "--json", stdout=out, stderr=out)
    except (CommandError, SystemExit) as failed:
        out.write(str(failed))
    refuse(out.getvalue(), "what the command prints")
    assert isinstance(echo.answers, Echo)
    assert set(TOKENS.values()) <= echo.answers.said
    look_everywhere(of_few(people, echo), lines)


def test_what_signs_in_at_an_identity_provider_is_seen_nowhere_again(
    api: APIClient,
    people: dict[str, User | None],
    echo: Upstream,
    lines: io.StringIO,
    settings: Any,
) -> None:
    settings.ALLOW_INSECURE_UPSTREAMS = True
    oidc = OIDC | {"client_id": CLIENT_ID, "token_url": f"{echo.url}/token"}
    url = register(api, echo, oidc=oidc)
    make_rounds()
    for path, body in {"credentials": {"oidc": oidc}, "credentials/validate": None}.items():
        send(api, f"{url}/{path}", body)
    for path in ("credentials/validate", "credentials/rotate"):
        send(api, f"{url}/{path}", {"oidc": oidc})
    make_rounds()
    asked = [request.body for request in echo.requests if request.path == "/token"]
    assert any("canary-refresh" in body for body in asked)
    look_everywhere(of_few(people, echo), lines)


def of_few(people: dict[str, User | None], echo: Upstream) -> dict[str, User | None]:
    """Of all answers look as everybody at one; at the others as the one who sees most."""
    assert isinstance(echo.answers, Echo)
    return people if echo.answers.status == 401 else {"superuser": people["superuser"]}


def test_an_imported_credential_is_seen_nowhere_again(
    api: APIClient, people: dict[str, User | None], lines: io.StringIO, tmp_path: Path
) -> None:
    user = {
        "token": IMPORTED["imported token"],
        "client-certificate-data": in_base64(READER.certificate),
        "client-key-data": in_base64(READER.key),
    }
    cluster_part = cluster_of(server="https://127.0.0.1:1")
    good = one(cluster_part, user)
    refused = one(cluster_part, user | {"exec": {"env": IMPORTED["imported token"]}})
    broken = good.replace("{", "{ &", 1)
    unfit = one(cluster_part, user | {"token": f"{user['token']} with a blank"})
    browser = Client()
    browser.force_login(people["superuser"])  # type: ignore[arg-type]  # there is one
    for text in (good, good, refused, broken, unfit):
        for change in ({"dry_run": True}, {"names": {"prod": "canary-cluster"}}, {"update": True}):
            send(api, IMPORT, {"kubeconfig": text} | change)
        page = browser.post("/admin/clusters/cluster/import/", {"text": text})
        refuse(page.content.decode(), "the preview of an import")
        refuse(printed(text, tmp_path / "config"), "what the command prints")
        url = f"{URL}/{Cluster.objects.get().pk}/credentials"
        for way in ("", "/validate", "/rotate"):
            send(api, f"{url}{way}", {"kubeconfig": text})
    make_rounds()
    assert unlock(Cluster.objects.get().credential).client_key == READER.key
    look_everywhere({"superuser": people["superuser"]}, lines)


def printed(text: str, file: Path) -> str:
    file.write_text(text)
    out = io.StringIO()
    try:
        call_command("import_kubeconfig", str(file), "--json", stdout=out)
    except CommandError as error:
        return f"{out.getvalue()}{error}"
    return out.getvalue()


def test_what_is_sent_in_the_wrong_shape_is_not_thrown_back(
    api: APIClient, lines: io.StringIO
) -> None:
    """A refusal says what is wrong with a secret, and does not quote it."""
    cluster = make_cluster("canary-cluster", token="t")
    target = Target(str(cluster.pk), cluster.name)
    secret = TOKENS["token"]
    shapes: list[Any] = [[secret], {secret: secret}, f"{secret}\x00", f"{secret}\n{secret}", 7]
    shapes += [secret * 2000, [[secret]], {"token": {"token": secret}}, f"{secret}\u2026"]
    names = (*TOKENS, "kubeconfig", "ca_bundle", "oidc", "credentials")
    oidc = [{name: shape} for name in OIDC for shape in shapes]
    bodies = [{name: shape} for name in names for shape in shapes] + [{"oidc": o} for o in oidc]
    for operation in operations():
        if operation.method not in UNSAFE or "credentials" not in operation.path + str(
            operation.bodies
        ):
            continue
        inside = "credentials" not in operation.path
        for body in [{"credentials": one_body} for one_body in bodies] if inside else bodies:
            response = api.generic(
                operation.method,
                operation.path.replace("{id}", target.id),
                json.dumps(body),
                content_type="application/json",
            )
            assert response.status_code != 500
            refuse(response.content.decode(), f"{operation} with {list(body)}")
            if operation.method == "DELETE":
                break
        for text in (f'{{"token": "{secret}', f'["{secret}"]', f'"{secret}"'):
            refuse(operation.call(api, target, text).content.decode(), f"{operation}, broken")
    refuse(lines.getvalue(), "the log")


def test_a_webhook_token_is_shown_once_and_seen_nowhere_again(
    api: APIClient, people: dict[str, User | None], lines: io.StringIO
) -> None:
    cluster = make_cluster("canary-cluster", token="t")
    response = api.post(f"{URL}/{cluster.pk}/webhook-token")
    token = response.json()["token"]
    assert response.headers["Cache-Control"] == "no-store"
    assert webhook_tokens.verify(Cluster.objects.get(), token)
    make_rounds()
    few = {name: people[name] for name in ("superuser", Role.VIEWER)}
    look_everywhere(few, lines, webhook=token)


async def test_a_frame_to_a_browser_holds_no_credential(admin: User) -> None:
    api = await sync_to_async(signed_in)(admin)
    async with await browser_of(admin) as browser:
        await browser.receive()
        await browser.subscribe()
        body = {"name": "canary-cluster", "api_server_url": "https://127.0.0.1:1"}
        made = await sync_to_async(api.post)(URL, body | {"credentials": TOKENS}, format="json")
        url = f"{URL}/{made.json()['id']}"
        await sync_to_async(api.patch)(url, {"region": "eu"}, format="json")
        await sync_to_async(api.post)(f"{url}/credentials", TOKENS, format="json")
        await sync_to_async(api.delete)(url)
        frames: list[Any] = []
        while not frames or frames[-1]["event"]["event_type"] != "CLUSTER_DELETED":
            frames.append(await browser.receive())
    assert len(frames) >= 4
    refuse(str(frames), "a frame")


def test_each_canary_would_be_found() -> None:
    for name, canary in ALL.items():
        with pytest.raises(AssertionError, match=name):
            refuse(f"before {canary} after", "a text")
