"""Rules matched against rights: what counts in a cluster of few names, spelled out one by one."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.clusters.kube.rights import Granted, Right, Rule

VERBS = ["get", "list", "create", "impersonate"]
GROUPS = ["", "apps", "rbac.authorization.k8s.io"]
RESOURCES = ["pods", "pods/exec", "pods/log", "nodes", "services/exec", "exec"]
NAMES = ["", "one", "two"]
PATHS = ["/version", "/apis", "/apis/apps", "/apis/apps/v1", "/readyz", "/"]


def some(of: list[str], *stars: str) -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from([*of, *stars]), max_size=3)


on_resources = st.builds(
    Rule,
    verbs=some(VERBS, "*"),
    api_groups=some(GROUPS, "*"),
    resources=some(RESOURCES, "*", "*/exec", "*/log"),
    names=some(NAMES[1:]),
)
on_paths = st.builds(
    Rule,
    verbs=some(VERBS, "*"),
    paths=some(PATHS, "*", "/*", "/apis/*", "/apis*", "/apis/apps*", "/ver*"),
)


def spelled(words: frozenset[str], known: list[str]) -> set[str]:
    return set(known) if "*" in words else set(words) & set(known)


def all_allowed(rule: Rule) -> set[Right]:
    """Every right in the little world that a rule gives, with its stars written out."""
    verbs, groups = spelled(rule.verbs, VERBS), spelled(rule.api_groups, GROUPS)
    resources = spelled(rule.resources, RESOURCES)
    for subresource in ("exec", "log"):
        if f"*/{subresource}" in rule.resources:
            resources |= {name for name in RESOURCES if name.endswith(f"/{subresource}")}
    names = set(rule.names) or set(NAMES)
    paths = {
        path
        for path, pattern in product(PATHS, rule.paths)
        if path == pattern or (pattern[-1] == "*" and path[: len(pattern) - 1] == pattern[:-1])
    }
    things = {Right(*of) for of in product(verbs, resources, groups, names)}
    return things | {Right(verb, path=path) for verb, path in product(verbs, paths)}


WORLD = {Right(*of) for of in product(VERBS, RESOURCES, GROUPS, NAMES)}
WORLD |= {Right(verb, path=path) for verb, path in product(VERBS, PATHS)}


@given(on_resources | on_paths)
def test_a_rule_allows_what_it_spells_out_and_nothing_else(rule: Rule) -> None:
    assert {right for right in WORLD if rule.allows(right)} == all_allowed(rule)


@given(on_resources, st.sampled_from(sorted(WORLD, key=repr)))
def test_a_rule_touches_what_it_allows_to_any_name(rule: Rule, right: Right) -> None:
    anybody = any(
        rule.allows(Right(right.verb, right.resource, right.api_group, name, path=right.path))
        for name in {*NAMES, *rule.names}
    )
    assert rule.touches(right) is anybody


@given(st.lists(on_resources | on_paths, max_size=4))
def test_rules_add_up(rules: list[Rule]) -> None:
    granted = Granted({"": tuple(rules)})
    allowed = set().union(*(all_allowed(rule) for rule in rules))
    assert {right for right in WORLD if granted.allows(right)} == allowed


@pytest.mark.parametrize(
    ("namespace", "allowed"), [("", False), ("shop", True), ("kitchen", False)]
)
def test_a_rule_of_a_namespace_counts_there_alone(namespace: str, allowed: bool) -> None:
    rule = Rule(frozenset({"list"}), frozenset({""}), frozenset({"pods"}))
    granted = Granted({"": (), "shop": (rule,)})
    assert granted.allows(Right("list", "pods", namespace=namespace)) is allowed


def test_a_rule_without_namespace_counts_in_each() -> None:
    rule = Rule(frozenset({"list"}), frozenset({""}), frozenset({"pods"}))
    assert Granted({"": (rule,)}).allows(Right("list", "pods", namespace="shop"))


def test_what_was_asked_for_alone_counts_as_it_was_answered() -> None:
    listing, reading = Right("list", "pods"), Right("get", "pods")
    granted = Granted({}, {listing: True, reading: False})
    assert granted.allows(listing)
    assert not granted.allows(reading)
    assert not granted.allows(Right("watch", "pods"))
