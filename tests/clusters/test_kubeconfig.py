"""Kubeconfigs of strangers: understood whole or refused, and nothing done that they say."""

import json
import re
import sys
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.configuration import set_hypothesis_home_dir

from apps.clusters.errors import KubeconfigUnusable
from apps.clusters.kube import kubeconfig
from apps.clusters.kube.identity import address_of, authorities_of, may_share
from apps.clusters.kube.kubeconfig import Access, Refused
from tests.clusters.hostile_kubeconfigs import ONE_CONTEXT, WHOLE_FILE
from tests.factories.kubeconfigs import (
    AUTHORITY,
    OTHER,
    READER,
    cluster_of,
    document,
    in_base64,
    one,
)
from tests.factories.kubeconfigs import kubeconfig as written

FORBIDDEN = (
    "open",
    "subprocess.",
    "os.",
    "socket.",
    "shutil.",
    "pty.",
    "import",
    "exec",
    "ctypes.",
)
MOST_MS, MOST_MB = 50, 20
_watching: list[list[str]] = []


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if _watching and event.startswith(FORBIDDEN):
        _watching[-1].append(f"{event} {arguments!r:.100}")


# A hook of the interpreter is there for good; it notes only while somebody watches.
sys.addaudithook(_note)


@contextmanager
def watched() -> Iterator[list[str]]:
    """Note whatever touches a file, a process, the network or an import meanwhile."""
    seen: list[str] = []
    _watching.append(seen)
    try:
        yield seen
    finally:
        _watching.remove(seen)


def read(text: str) -> list[Access | Refused]:
    with watched() as seen:
        try:
            return kubeconfig.read(text)
        finally:
            assert seen == []


def test_the_watch_sees_what_it_should() -> None:
    with watched() as seen, open("/dev/null"):  # noqa: PTH123
        pass
    assert len(seen) == 1


def test_every_context_of_a_file_is_read() -> None:
    text = written(
        a=(cluster_of(1), {"token": "ta"}),
        b=(cluster_of(2, **{"tls-server-name": "inside.example.net"}), {"token": "tb"}),
        c=(
            cluster_of(3),
            {
                "client-certificate-data": in_base64(READER.certificate),
                "client-key-data": in_base64(READER.key),
            },
        ),
    )
    a, b, c = (access for access in read(text) if isinstance(access, Access))
    assert a == Access("a", "https://api.c1.example.net:6443", AUTHORITY.bundle, token="ta")
    assert b.tls_server_name == "inside.example.net"
    assert (c.client_certificate, c.client_key) == (READER.certificate, READER.key)


def test_nothing_secret_is_in_a_representation() -> None:
    text = repr(read(one(user={"token": "t0k3n"})))
    assert "t0k3n" not in text


def test_one_bad_context_spoils_no_other() -> None:
    text = written(
        good=(cluster_of(1), {"token": "t"}),
        bad=(cluster_of(2), {"exec": {"command": "id"}}),
        fine=(cluster_of(3), {"token": "t"}),
    )
    good, bad, fine = read(text)
    assert isinstance(good, Access)
    assert isinstance(fine, Access)
    assert isinstance(bad, Refused)
    assert bad.reason.startswith('Context "bad" has exec for its user:')


def test_a_file_as_people_write_it_is_read() -> None:
    text = f"""
# written by hand
apiVersion: v1
kind: Config
current-context: prod
preferences: {{}}
clusters:
- name: prod-c   # the one in the cellar
  cluster:
    server: https://api.example.net:6443/
    insecure-skip-tls-verify: false
    proxy-url: ""
    certificate-authority-data: {in_base64("# its CA" + chr(10) + AUTHORITY.bundle)}
    extensions:
    - name: cluster_info
      extension: {{provider: minikube.sigs.k8s.io, last-update: Mon}}
users:
- name: prod-u
  user:
    token: 12345
    exec: null
contexts:
- name: prod
  context: {{cluster: prod-c, user: prod-u, namespace: default}}
"""
    assert read(text) == [
        Access("prod", "https://api.example.net:6443", AUTHORITY.bundle, token="12345")
    ]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"users": None}, "not there"),
        ({"users": [{"name": "prod-u", "user": {"token": "a"}}] * 2}, "more than once"),
        ({"users": [{"name": "prod-u", "user": {}}]}, "without token"),
        ({"clusters": [{"name": "prod-c", "cluster": {}}]}, "without a server"),
        ({"clusters": [{"name": "prod-c"}]}, "not a name with its cluster"),
        ({"clusters": [{"name": "prod-c", "cluster": {}, "run": "x"}]}, '"run"'),
        ({"contexts": [{"name": "prod", "context": {"cluster": "prod-c"}}]}, "names no user"),
        ({"contexts": [{"context": {"cluster": "prod-c"}}]}, "no name"),
        ({"contexts": ["prod"]}, "no name"),
    ],
)
def test_what_does_not_fit_together_is_refused(change: dict[str, Any], says: str) -> None:
    text = json.dumps(document(prod=(cluster_of(), {"token": "t0k3n"})) | change)
    (refused,) = read(text)
    assert isinstance(refused, Refused)
    assert says in refused.reason


def test_two_contexts_of_one_name_are_both_refused() -> None:
    made = document(prod=(cluster_of(), {"token": "t"}))
    made["contexts"] *= 2
    assert [type(found) for found in read(json.dumps(made))] == [Refused, Refused]


@pytest.mark.parametrize("what", ONE_CONTEXT)
def test_a_hostile_context_is_refused_by_name_and_touches_nothing(what: str) -> None:
    text, says = ONE_CONTEXT[what]
    for refused in read(text):
        assert isinstance(refused, Refused)
        assert says in refused.reason
        assert f'"{refused.context}"' in refused.reason
        assert not {"t0k3n", "hunter2"} & set(refused.reason.split())


@pytest.mark.parametrize("what", WHOLE_FILE)
def test_a_hostile_file_is_refused_and_touches_nothing(what: str) -> None:
    text, says = WHOLE_FILE[what]
    with pytest.raises(KubeconfigUnusable, match=re.escape(says)):
        read(text)


@pytest.mark.parametrize("what", [*ONE_CONTEXT, *WHOLE_FILE])
def test_a_hostile_file_costs_little(what: str) -> None:
    text, _ = (ONE_CONTEXT | WHOLE_FILE)[what]
    # The machine may be busy with others; what this costs is its own time. Best of three.
    assert min(_cost_ms(text) for _ in range(3)) < MOST_MS
    tracemalloc.start()
    try:
        _cost_ms(text)
        assert tracemalloc.get_traced_memory()[1] < MOST_MB * 1e6
    finally:
        tracemalloc.stop()


def _cost_ms(text: str) -> float:
    started = time.process_time()
    outcome(text)
    return (time.process_time() - started) * 1000


def outcome(text: str) -> list[Access | Refused] | None:
    try:
        return kubeconfig.read(text)
    except KubeconfigUnusable:
        return None


def test_there_are_forty_of_them() -> None:
    assert len(ONE_CONTEXT | WHOLE_FILE) >= 40


KEYS = sorted(
    {"name", "clusters", "users", "contexts", "cluster", "user", "context", "kind", "<<"}
    | kubeconfig.TOP
    | kubeconfig.IN_CLUSTER
    | kubeconfig.IN_CONTEXT
    | kubeconfig.IN_USER
    | kubeconfig.WHY.keys()
)
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=20), st.sampled_from(KEYS)
)
names = st.sampled_from(["a", "b", "", "c\n", "\u202e"])
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=20,
)
bodies = st.dictionaries(st.sampled_from(KEYS), values, max_size=4)


def entries(kind: str) -> st.SearchStrategy[Any]:
    usual = {"cluster": cluster_of(), "user": {"token": "t"}}.get(
        kind, {"cluster": "a", "user": "a"}
    )
    body = bodies | st.just(usual) | bodies.map(lambda change: usual | change)
    return st.lists(st.fixed_dictionaries({"name": names, kind: body}) | values, max_size=4)


documents = st.fixed_dictionaries(
    {"clusters": entries("cluster"), "users": entries("user"), "contexts": entries("context")},
    optional={"kind": st.just("Config"), "preferences": values, "extensions": values},
)


def check(text: str) -> None:
    """Whatever it is, it is refused or understood, by allowed keys alone, and touches nothing."""
    with watched() as seen:
        found = outcome(text)
    assert seen == []
    for result in found or []:
        if isinstance(result, Refused):
            assert result.reason.startswith('Context "')
            assert result.reason.isprintable()
        else:
            assert result.server
            assert result.token or result.client_key


# Its folder must not stand among the tests, where pytest warns of it.
set_hypothesis_home_dir(Path(__file__).parents[2] / ".pytest_cache" / "hypothesis")
FUZZ = settings(
    max_examples=700, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)


@FUZZ
@given(documents)
def test_no_document_breaks_the_parser(made: dict[str, Any]) -> None:
    check(json.dumps(made, ensure_ascii=False))


SOUP = [*"{}[]:,-?!&*#|>%@`'\"\n\t ~", "---", "...", "<<", "!!", ": ", "- ", "\n  ", *KEYS[:12]]


@FUZZ
@given(st.lists(st.sampled_from(SOUP) | st.text(max_size=3), max_size=60).map("".join))
def test_no_text_breaks_the_parser(text: str) -> None:
    check(text)


@FUZZ
@given(st.integers(0, 10**6), st.sampled_from(SOUP), st.integers(0, 30))
def test_no_damage_to_a_good_file_breaks_the_parser(place: int, sign: str, cut: int) -> None:
    good = one()
    at = place % len(good)
    check(good[:at] + sign + good[at + cut :])


@pytest.mark.parametrize(
    ("one_url", "other_url"),
    [
        ("https://API.example.net", "https://api.example.net:443/"),
        ("https://api.example.net./x/", "https://api.example.net/x"),
        ("https://[2001:db8::1]:6443", "https://[2001:0DB8:0:0::1]:6443"),
    ],
)
def test_an_address_is_one_however_it_is_spelled(one_url: str, other_url: str) -> None:
    assert address_of(one_url) == address_of(other_url)


def test_other_ports_and_paths_are_other_clusters() -> None:
    urls = ["https://a:1", "https://a:2", "https://a:1/k8s/c1", "https://a:1/k8s/c2"]
    assert len({address_of(url) for url in urls}) == 4


def test_authorities_are_told_apart_where_both_are_known() -> None:
    first, second = authorities_of(AUTHORITY.bundle), authorities_of(OTHER.bundle)
    both = authorities_of(AUTHORITY.bundle + OTHER.bundle)
    assert not may_share(first, second)
    assert may_share(first, both)
    assert may_share(first, authorities_of(""))
