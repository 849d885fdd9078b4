"""What a token lacks and what it may do too much, as the simulated API servers tell it."""

from dataclasses import fields, replace
from typing import Any

import pytest

from apps.clusters.contract_permissions import describe_permissions
from apps.clusters.kube.listing import Kind, Listed, Unread
from apps.clusters.kube.nodes import NODES
from apps.clusters.kube.openshift import CLUSTER_VERSIONS, PTP_CONFIGS, ROUTES, SRIOV_POLICIES
from apps.clusters.kube.reviews import who_am_i
from apps.clusters.kube.rights import Right
from apps.clusters.kube.survey import Findings, survey
from apps.clusters.kube.workloads import GPU_PODS, NAMESPACES, SERVICES
from apps.clusters.permissions import DANGERS, OWNS_ALL, Excessive, PermissionReport
from apps.clusters.reader_role import LISTS, manifest, needs_of
from apps.simulator.kube.roles import BASIC, READER, Role, Rule
from tests.clusters.fleet import Site
from tests.clusters.permitted import (
    PLATFORMS,
    Start,
    api_of,
    certified,
    report_of,
    role_by_manifest,
)

__all__ = ["api_of", "certified"]

KINDS: dict[str, Kind[Any, Any]] = {
    "nodes": NODES,
    "namespaces": NAMESPACES,
    "services": SERVICES,
    "gpu_pods": GPU_PODS,
    "releases": CLUSTER_VERSIONS,
    "routes": ROUTES,
    "sriov_policies": SRIOV_POLICIES,
    "ptp_configs": PTP_CONFIGS,
}
ADMIN = Role((Rule(("*",), ("*",), ("*",)), Rule(("*",), paths=("*",))))
# What OpenShift gives every account besides the basics.
OF_EVERYBODY = (
    Rule(("create",), ("", "project.openshift.io"), ("projectrequests",)),
    Rule(
        ("impersonate",),
        ("authentication.k8s.io",),
        ("userextras/scopes.authorization.openshift.io",),
    ),
    Rule(("delete",), ("oauth.openshift.io",), ("oauthaccesstokens", "oauthauthorizetokens")),
    Rule(("create", "get"), ("build.openshift.io",), ("buildconfigs/webhooks",)),
)


def without(role: Role, resource: str) -> Role:
    """The same role, but for one resource."""
    kept = (
        Rule(
            rule.verbs,
            rule.groups,
            tuple(name for name in rule.resources if name != resource),
            rule.names,
            rule.paths,
            rule.namespace,
        )
        for rule in role.rules
    )
    return Role(tuple(kept))


def by_itself(danger: Right) -> Rule:
    return Rule((danger.verb,), (danger.api_group,), (danger.resource,))


def told(danger: Right, why: str) -> Excessive:
    return Excessive(danger.verb, danger.resource, danger.api_group, why)


def wants(report: PermissionReport) -> set[tuple[str, str]]:
    return {(one.verb, one.resource) for one in report.missing}


@pytest.mark.parametrize("name", PLATFORMS)
async def test_the_simulated_readers_token_is_right(sites: dict[str, Site], name: str) -> None:
    report = await report_of(sites[name].upstream, PLATFORMS[name], for_monitoring=True)
    assert report == PermissionReport(complete=True)


@pytest.mark.parametrize("name", PLATFORMS)
@pytest.mark.parametrize("listed", [True, False])
async def test_the_role_of_the_manifest_is_what_is_needed(
    api_of: Start, name: str, listed: bool
) -> None:
    role = role_by_manifest(PLATFORMS[name])
    upstream = await api_of(name, Role(role.rules, listed))
    report = await report_of(upstream, PLATFORMS[name], for_monitoring=True)
    assert report == PermissionReport(complete=True)
    found = await survey(upstream, 10)
    assert isinstance(found, Findings)
    assert not any(isinstance(getattr(found, one.name), Unread) for one in fields(found))


async def test_on_microshift_the_manifest_lets_its_version_be_read(api_of: Start) -> None:
    role = role_by_manifest("MICROSHIFT")
    upstream = await api_of("gpu-oregon", role)
    assert (await report_of(upstream, "MICROSHIFT")).complete
    less = await report_of(await api_of("gpu-oregon", without(role, "configmaps")), "MICROSHIFT")
    (missing,) = less.missing
    assert (missing.verb, missing.resource, missing.namespace) == (
        "get",
        "configmaps",
        "kube-public",
    )


@pytest.mark.parametrize("part", KINDS)
async def test_a_list_that_is_refused_is_one_that_the_review_misses(
    api_of: Start, part: str
) -> None:
    kind = KINDS[part]
    role = without(role_by_manifest("OPENSHIFT"), kind.resource)
    upstream = await api_of(
        "hub-frankfurt" if part in {"releases", "routes"} else "edge-tokyo", role
    )
    found = await survey(upstream, 10)
    assert isinstance(found, Findings)
    report = await report_of(upstream)
    refused = isinstance(getattr(found, part), Unread)
    assert refused is (("list", kind.resource) in wants(report))
    if not refused:
        assert getattr(found, part) == Listed(served=False)
    assert wants(report) <= {("list", kind.resource)}
    assert report.complete is not refused


def test_whatever_discovery_lists_has_its_row() -> None:
    assert {need.right.resource for need in LISTS} == {kind.resource for kind in KINDS.values()}
    assert set(KINDS) | {"version", "microshift"} == {one.name for one in fields(Findings)}


async def test_what_is_missing_says_what_it_is_for(api_of: Start) -> None:
    report = await report_of(await api_of("gpu-oregon", Role(BASIC)), "KUBERNETES")
    assert wants(report) == {
        ("list", "nodes"),
        ("list", "namespaces"),
        ("list", "services"),
        ("list", "pods"),
    }
    assert report.missing[0].needed_for == "Nodes, their versions and their GPUs are counted."
    assert report.manifest == manifest("KUBERNETES")


async def test_without_any_right_even_the_paths_are_missing(api_of: Start) -> None:
    """The account can ask, but is told nothing: so each right is asked for by itself."""
    asking = tuple(rule for rule in BASIC if not rule.paths)
    report = await report_of(await api_of("hub-frankfurt", Role(asking)))
    assert {("get", "/readyz"), ("get", "/version"), ("get", "/apis")} <= wants(report)
    # What it serves is hidden, so its owner is believed that it is OpenShift.
    assert ("list", "clusterversions") in wants(report)


@pytest.mark.parametrize(
    "rule",
    [
        Rule(("list",), ("",), ("nodes",), names=("worker-01",)),
        Rule(("list",), ("",), ("nodes",), namespace="default"),
        Rule(("list",), ("apps",), ("nodes",)),
        Rule(("get", "watch"), ("",), ("nodes",)),
        Rule(("list",), ("",), ("nodes/status", "*/nodes", "node")),
    ],
)
async def test_what_only_looks_like_the_right_is_not_it(api_of: Start, rule: Rule) -> None:
    upstream = await api_of("gpu-oregon", Role((*BASIC, rule)))
    assert ("list", "nodes") in wants(await report_of(upstream, "KUBERNETES"))


@pytest.mark.parametrize(
    "rule",
    [
        Rule(("*",), ("",), ("nodes",)),
        Rule(("list",), ("*",), ("*",)),
        Rule(("get", "list"), ("apps", ""), ("pods", "nodes")),
    ],
)
async def test_a_right_by_a_star_is_one(api_of: Start, rule: Rule) -> None:
    upstream = await api_of("gpu-oregon", Role((*BASIC, rule)))
    assert ("list", "nodes") not in wants(await report_of(upstream, "KUBERNETES"))


async def test_monitoring_is_missed_only_by_a_token_that_is_shown_there(api_of: Start) -> None:
    role = role_by_manifest("KUBERNETES")
    rules = (*role.rules, *(rule for rule in READER.rules if "openshift" in rule.groups[:1]))
    everything = Role((*rules, Rule(("list",), ("*",), ("clusterversions", "routes"))))
    upstream = await api_of("hub-frankfurt", everything)
    assert (await report_of(upstream)).complete
    report = await report_of(upstream, for_monitoring=True)
    assert [(one.verb, one.resource, one.namespace) for one in report.missing] == [
        ("get", "prometheuses/api", "openshift-monitoring"),
        ("create", "prometheuses/api", "openshift-monitoring"),
        ("get", "alertmanagers/api", "openshift-monitoring"),
    ]


@pytest.mark.parametrize(
    ("name", "said", "platform"),
    [
        ("hub-frankfurt", "KUBERNETES", "OPENSHIFT"),
        ("gpu-oregon", "OPENSHIFT", "KUBERNETES"),
        ("gpu-oregon", "MICROSHIFT", "MICROSHIFT"),
    ],
)
async def test_the_manifest_fits_what_the_cluster_is_rather_than_what_it_is_called(
    api_of: Start, name: str, said: str, platform: str
) -> None:
    report = await report_of(await api_of(name, Role(BASIC)), said)
    assert report.manifest == manifest(platform)


def test_routes_without_a_cluster_version_are_microshifts() -> None:
    served = frozenset({"apps", "route.openshift.io"})
    needed = {need.right.resource for need in needs_of("OPENSHIFT", served)}
    assert "routes" in needed
    assert "clusterversions" not in needed


async def test_an_administrators_token_is_told_in_one_sentence(api_of: Start) -> None:
    report = await report_of(await api_of("hub-frankfurt", ADMIN), for_monitoring=True)
    assert report.complete
    (excess,) = report.excessive
    assert (excess.verb, excess.resource, excess.api_group) == ("*", "*", "*")
    assert excess.why == OWNS_ALL
    assert report.manifest == manifest("OPENSHIFT")


async def test_each_danger_is_seen(api_of: Start) -> None:
    for danger, why in DANGERS.items():
        rules = (*READER.rules, by_itself(danger))
        report = await report_of(await api_of("hub-frankfurt", Role(rules)))
        assert report.excessive == (told(danger, why),)
        assert report.complete


async def test_a_webhook_is_asked_for_each_danger(api_of: Start) -> None:
    rules = (*READER.rules, *(by_itself(danger) for danger in DANGERS))
    report = await report_of(await api_of("hub-frankfurt", Role(rules, listed=False)))
    assert report.excessive == tuple(told(danger, why) for danger, why in DANGERS.items())
    admin = await report_of(await api_of("hub-frankfurt", Role((*BASIC, *ADMIN.rules), False)))
    assert [one.why for one in admin.excessive] == [OWNS_ALL]


@pytest.mark.parametrize(
    ("rule", "seen"),
    [
        (Rule(("get",), ("",), ("secrets",), names=("registry-pull",)), {("get", "secrets")}),
        (Rule(("create",), ("",), ("*/exec",)), {("create", "pods/exec")}),
        (Rule(("*",), ("example.com",), ("widgets",)), {("*", "widgets")}),
        (
            Rule(("get", "list"), ("example.com",), ("*",)),
            {("get", "*"), ("list", "*")},
        ),
        (
            Rule(("get", "list", "watch"), ("*",), ("*",)),
            {
                *((verb, "secrets") for verb in ("get", "list", "watch")),
                *(("get", name) for name in ("pods/exec", "pods/attach", "nodes/proxy")),
                *((verb, "*") for verb in ("get", "list", "watch")),
            },
        ),
    ],
)
async def test_wide_rules_and_names_are_seen_through(
    api_of: Start, rule: Rule, seen: set[tuple[str, str]]
) -> None:
    report = await report_of(await api_of("hub-frankfurt", Role((*READER.rules, rule))))
    assert {(one.verb, one.resource) for one in report.excessive} == seen


async def test_a_danger_to_certain_names_alone_is_told_as_such(api_of: Start) -> None:
    named = Rule(("get",), ("",), ("secrets",), names=("registry-pull",))
    for rules, limited in (((named,), True), ((named, replace(named, names=())), False)):
        report = await report_of(await api_of("hub-frankfurt", Role((*READER.rules, *rules))))
        [one] = report.excessive
        assert one.why.startswith("It reads the passwords and tokens of all namespaces")
        assert one.why.endswith("limited to objects of certain names.") is limited


async def test_what_every_account_has_is_no_excess(api_of: Start) -> None:
    role = Role((*READER.rules, *OF_EVERYBODY))
    assert (await report_of(await api_of("hub-frankfurt", role))).excessive == ()


async def test_the_view_shows_a_manifest_only_where_something_is_wrong(api_of: Start) -> None:
    right = describe_permissions(await report_of(await api_of("gpu-oregon", READER)))
    assert right.model_dump() == {
        "complete": True,
        "missing": [],
        "excessive": [],
        "manifest": None,
    }
    wrong = describe_permissions(await report_of(await api_of("gpu-oregon", Role(BASIC))))
    assert wrong.manifest
    assert wrong.missing[0].model_dump() == {
        "verb": "list",
        "resource": "nodes",
        "api_group": "",
        "namespace": "",
        "needed_for": "Nodes, their versions and their GPUs are counted.",
    }


async def test_the_server_says_whose_token_it_is(api_of: Start) -> None:
    name = await who_am_i(await api_of("gpu-oregon", READER), 10)
    assert name == "system:serviceaccount:aiops-system:aiops-reader"
