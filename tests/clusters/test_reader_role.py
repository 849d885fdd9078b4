"""The role that we ask for: as a cluster would take it, as a command and as the page shows it."""

import io
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from kubernetes import client as kubernetes

from apps.clusters.models.cluster import Platform
from apps.clusters.reader_role import NAME, needs_of
from tests.clusters.permitted import documents

PAGE = Path(__file__).parents[2] / "docs/connect-a-cluster.md"
MODELS = {
    "Namespace": kubernetes.V1Namespace,
    "ServiceAccount": kubernetes.V1ServiceAccount,
    "ClusterRole": kubernetes.V1ClusterRole,
    "ClusterRoleBinding": kubernetes.V1ClusterRoleBinding,
    "Role": kubernetes.V1Role,
    "RoleBinding": kubernetes.V1RoleBinding,
}


def printed(*arguments: str) -> str:
    out = io.StringIO()
    call_command("reader_manifest", *arguments, stdout=out)
    return out.getvalue()


def known_to(model: Any) -> set[str]:
    return set(model.attribute_map.values())


@pytest.mark.parametrize("platform", Platform.values)
def test_a_cluster_would_take_it(platform: str) -> None:
    found = documents(platform)
    assert [one["kind"] for one in found[:2]] == ["Namespace", "ServiceAccount"]
    for one in found:
        assert set(one) <= known_to(MODELS[one["kind"]])
        rbac = "Role" in one["kind"]
        assert one["apiVersion"] == ("rbac.authorization.k8s.io/v1" if rbac else "v1")
        namespaced = one["kind"] in {"ServiceAccount", "Role", "RoleBinding"}
        assert ("namespace" in one["metadata"]) is namespaced
        for rule in one.get("rules", ()):
            assert set(rule) <= known_to(kubernetes.V1PolicyRule)
            assert rule["verbs"]
            assert ("nonResourceURLs" in rule) is not ("resources" in rule)
            assert ("apiGroups" in rule) is ("resources" in rule)


@pytest.mark.parametrize("platform", Platform.values)
def test_each_binding_gives_a_role_that_is_there_to_the_one_account(platform: str) -> None:
    found = documents(platform)
    names = {(one["kind"], one["metadata"]["name"]) for one in found}
    assert len({(*one["metadata"].values(), one["kind"]) for one in found}) == len(found)
    of_openshift = {
        ("ClusterRole", "cluster-monitoring-view"),
        ("Role", "monitoring-alertmanager-view"),
    }
    bindings = [one for one in found if one["kind"].endswith("Binding")]
    given = {(one["roleRef"]["kind"], one["roleRef"]["name"]) for one in bindings}
    assert given - names == (of_openshift if platform == "OPENSHIFT" else set())
    account = {"kind": "ServiceAccount", "name": NAME, "namespace": NAME}
    assert all(one["subjects"] == [account] for one in bindings)


@pytest.mark.parametrize("platform", Platform.values)
def test_it_reads_and_leaves_secrets_alone(platform: str) -> None:
    rules = [rule for one in documents(platform) for rule in one.get("rules", ())]
    assert {verb for rule in rules for verb in rule["verbs"]} == {"get", "list", "watch"}
    words = {word for rule in rules for named in rule.values() for word in named}
    assert not words & {"secrets", "*"}


def test_the_command_prints_it_for_a_platform() -> None:
    assert printed().count("cluster-monitoring-view") == 1
    assert "clusterversions" not in printed("--platform", "KUBERNETES")
    assert "microshift-version" in printed("--platform", "MICROSHIFT")
    with pytest.raises(CommandError, match="invalid choice"):
        printed("--platform", "NOMAD")


def test_the_page_shows_the_role_that_is_printed() -> None:
    (shown,) = re.findall(r"## The role\n.*?```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert shown == printed("--platform", "KUBERNETES")


@pytest.mark.parametrize("platform", Platform.values)
def test_the_page_says_of_each_right_what_it_is_for(platform: str) -> None:
    page = PAGE.read_text()
    for need in needs_of(platform, for_monitoring=True):
        right = need.right
        what = right.path or ".".join(filter(None, (right.resource, right.api_group)))
        where = f" in {right.namespace}" if right.namespace else ""
        assert f"| {right.verb} `{what}`{where} | {need.needed_for} |" in page


def test_commands_in_pods_are_allowed_where_they_are_asked_for_and_nowhere_else() -> None:
    plain = documents("KUBERNETES")
    added = [one for one in documents("KUBERNETES", "gpu-operator") if one not in plain]
    assert [(one["kind"], one["metadata"]["namespace"]) for one in added] == [
        ("Role", "gpu-operator"),
        ("RoleBinding", "gpu-operator"),
    ]
    role, binding = added
    rule = {"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["get", "create"]}
    assert role["rules"] == [rule]
    assert binding["roleRef"]["name"] == role["metadata"]["name"]
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": NAME, "namespace": NAME}]


def test_the_command_gives_the_right_to_commands_when_it_is_asked_to() -> None:
    assert "pods/exec" not in printed("--platform", "KUBERNETES")
    said = printed("--platform", "KUBERNETES", "--exec-in", "gpu-operator")
    assert "pods/exec" in said
    assert "change nothing" not in said
    with pytest.raises(CommandError, match="no name of a namespace"):
        printed("--exec-in", "gpu operator\nrules: []")
