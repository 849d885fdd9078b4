"""What an API that keeps Secrets may say or do at the wire: nothing is lost, nor made believe."""

import base64
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.exceptions import ImproperlyConfigured

from aiops.settings import credential_store
from apps.clusters.errors import BoxAway, BoxClosed, BoxGone, CredentialStoreAway
from apps.clusters.vault import secret_api
from apps.clusters.vault.kubernetes_secrets import KubernetesVault
from apps.clusters.vault.opened import OPENED
from tests.fakes.upstream import Answer, Behaviour, Upstream, serve

pytestmark = pytest.mark.django_db

CLUSTER = UUID(int=7)
SECRETS = "/api/v1/namespaces/ours/secrets"
SECRET = f"{SECRETS}/cluster-creds-{CLUSTER}"
BOX = f"k8s.{'0' * 32}"
CANARY = "canary-on-the-wire-c0ffee"
OUR_TOKEN = "our-own-token-c0ffee"
ECHO = {"kind": "Status", "message": f"you sent {CANARY} by {OUR_TOKEN}"}
NONE: Answer = (404, {"kind": "Status", "reason": "NotFound"})


@pytest.fixture
def upstream(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Upstream]:
    (tmp_path / "token").write_text(OUR_TOKEN)
    monkeypatch.setattr(secret_api, "SECONDS", 0.5)
    OPENED.clear()
    with serve() as running:
        settings.CREDENTIAL_STORE = "kubernetes"
        settings.CREDENTIAL_KUBERNETES = {
            "url": running.url,
            "namespace": "ours",
            "token_file": str(tmp_path / "token"),
            "ca_file": "",
        }
        yield running
    OPENED.clear()


def held(**data: str) -> Answer:
    about = {"name": f"cluster-creds-{CLUSTER}", "uid": "1", "resourceVersion": "5"}
    return 200, {"kind": "Secret", "metadata": about, "data": data}


BAD: list[tuple[Answer, str]] = [
    ((401, ECHO), "refuses our own token"),
    ((403, ECHO), "does not let us"),
    ((429, ECHO), "answers 429"),
    ((500, ECHO), "answers 500"),
    ((302, ""), "answers 302"),
    ((200, "<html>sign in</html>"), "cannot be understood"),
    ((200, b"\xff\xfe"), "cannot be understood"),
    ((200, "[" * 5000), "cannot be understood"),
    ((200, {"kind": "Secret", "metadata": None}), "cannot be understood"),
    ((200, {"metadata": {"name": 1, "uid": "", "resourceVersion": ""}}), "cannot be understood"),
    (Behaviour.HANG, "no answer in 0.5 s"),
    (Behaviour.DRIP, "no answer in 0.5 s"),
    (Behaviour.CUT, "cannot be reached"),
]


@pytest.mark.parametrize(("answer", "words"), BAD)
def test_what_cannot_be_read_is_neither_opened_nor_written_over(
    upstream: Upstream, answer: Answer, words: str
) -> None:
    upstream.answers = {SECRET: answer}
    with pytest.raises(BoxAway, match="Our own store of credentials is away") as closed:
        KubernetesVault().open(CLUSTER, BOX)
    with pytest.raises(CredentialStoreAway) as away:
        KubernetesVault().put(CLUSTER, CANARY)
    said = f"{closed.value} {away.value.message} {away.value.details}"
    assert words in said
    assert "Nothing was stored" in away.value.message
    assert CANARY not in said
    assert OUR_TOKEN not in said
    assert {request.method for request in upstream.requests} == {"GET"}


@pytest.mark.parametrize(
    ("answer", "times", "words"),
    [
        ((403, ECHO), 1, "does not let us create Secrets in the namespace ours (403)"),
        ((404, ECHO), 1, "knows no namespace ours"),
        ((413, ECHO), 1, "too large"),
        ((422, ECHO), 1, "too large, or was made immutable"),
        ((500, ECHO), 2, "answers 500"),
        ((201, "<html>sign in</html>"), 2, "cannot be understood"),
        (Behaviour.HANG, 2, "no answer in 0.5 s"),
        (Behaviour.CUT, 2, "cannot be reached"),
    ],
)
def test_what_is_not_taken_is_not_said_to_be_stored(
    upstream: Upstream, answer: Answer, times: int, words: str
) -> None:
    upstream.answers = {SECRET: NONE, SECRETS: answer}
    with pytest.raises(CredentialStoreAway) as away:
        KubernetesVault().put(CLUSTER, CANARY)
    assert words in away.value.message
    assert "Nothing was stored" in away.value.message
    assert CANARY not in away.value.message + repr(away.value)
    assert OUR_TOKEN not in away.value.message
    sent = [request for request in upstream.requests if request.method == "POST"]
    assert len(sent) == times
    assert base64.b64encode(CANARY.encode()).decode() in sent[0].body


def test_a_change_of_which_nothing_more_is_heard_is_said_to_be_unknown(
    upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.clusters.vault.revisions.PUT_SECONDS", 0.3)
    upstream.answers = {SECRET: NONE, SECRETS: Behaviour.HANG}
    with pytest.raises(CredentialStoreAway, match="It is not known whether it was kept"):
        KubernetesVault().put(CLUSTER, CANARY)


def test_an_answer_404_of_whatever_is_no_api_server_says_nothing_of_the_secret(
    upstream: Upstream,
) -> None:
    upstream.answers = {SECRET: (404, "<html>nothing here</html>")}
    with pytest.raises(BoxAway):
        KubernetesVault().open(CLUSTER, BOX)
    OPENED.clear()
    upstream.answers = {SECRET: NONE}
    with pytest.raises(BoxGone):
        KubernetesVault().open(CLUSTER, BOX)


def test_a_secret_without_data_is_one_that_holds_nothing(upstream: Upstream) -> None:
    upstream.answers = {SECRET: held()}
    with pytest.raises(BoxGone):
        KubernetesVault().open(CLUSTER, BOX)


def test_an_api_that_hangs_is_waited_for_once_and_not_by_every_cluster(
    upstream: Upstream,
) -> None:
    upstream.answers = {}
    refusals = []
    for _ in range(100):
        with pytest.raises(BoxClosed) as closed:
            KubernetesVault().open(uuid4(), BOX)
        refusals.append(str(closed.value))
    assert len(upstream.requests) == 1
    assert len(set(refusals)) == 1


@pytest.mark.parametrize(
    ("page", "requests"),
    [
        ((200, {"items": None, "metadata": {}}), 1),
        ((200, {"items": [], "metadata": {"continue": "more"}}), secret_api.MOST_PAGES),
        ((410, ECHO), 1),
        ((200, {"items": [{"metadata": {}}]}), 1),
    ],
)
def test_a_list_that_is_odd_does_not_stop_a_round(
    upstream: Upstream, page: Answer, requests: int
) -> None:
    upstream.answers = {SECRETS: page, SECRET: held(**{"0" * 32: "b25l"})}
    KubernetesVault().warm([(CLUSTER, BOX)] + [(uuid4(), BOX) for _ in range(9)])
    assert len(upstream.requests) == requests


def test_an_unreadable_token_is_named_by_its_file(upstream: Upstream, settings: Any) -> None:
    Path(settings.CREDENTIAL_KUBERNETES["token_file"]).unlink()
    with pytest.raises(CredentialStoreAway, match="token cannot be read"):
        KubernetesVault().put(CLUSTER, CANARY)
    assert upstream.requests == []


@pytest.fixture
def pod(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pod's own files, and none of its environment."""
    for name in list(os.environ):
        if name.startswith(("CREDENTIAL_", "KUBERNETES_")):
            monkeypatch.delenv(name)
    monkeypatch.setattr(credential_store, "POD", tmp_path)
    for name in ("token", "ca.crt"):
        (tmp_path / name).write_text(name)
    (tmp_path / "namespace").write_text("aiops-prod\n")
    return tmp_path


@pytest.mark.parametrize(
    ("host", "url"),
    [("10.0.0.1", "https://10.0.0.1:6443"), ("fd00::1", "https://[fd00::1]:6443")],
)
def test_in_a_pod_it_finds_its_own_cluster(
    pod: Path, host: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", host)
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "6443")
    assert credential_store.kubernetes(needed=True, insecure=False) == {
        "url": url,
        "namespace": "aiops-prod",
        "token_file": str(pod / "token"),
        "ca_file": str(pod / "ca.crt"),
    }


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "Set CREDENTIAL_KUBERNETES_URL"),
        ({"URL": "http://10.0.0.1"}, "must be the https://"),
        ({"URL": "https://"}, "must be the https://"),
        ({"URL": "https://user:secret@host:port"}, "must be the https://"),
        ({"URL": "https://h", "NAMESPACE": ""}, "Set CREDENTIAL_KUBERNETES_NAMESPACE"),
        ({"URL": "https://h", "TOKEN_FILE": "/nowhere"}, "cannot read /nowhere"),
        ({"URL": "https://h", "CA_FILE": "/nowhere"}, "cannot read /nowhere"),
    ],
)
@pytest.mark.usefixtures("pod")
def test_a_store_that_cannot_be_found_is_refused_at_start(
    changes: dict[str, str], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in changes.items():
        monkeypatch.setenv(f"CREDENTIAL_KUBERNETES_{name}", value)
    with pytest.raises(ImproperlyConfigured, match=words) as refused:
        credential_store.kubernetes(needed=True, insecure=False)
    assert "user:secret" not in str(refused.value)
    if not changes:
        assert credential_store.kubernetes(needed=False, insecure=False) == {}
