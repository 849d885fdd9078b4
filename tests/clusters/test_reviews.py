"""Servers that answer a review with nonsense, too much, too late or our own token."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.clusters.kube import reviews
from apps.clusters.kube.listing import Unread
from apps.clusters.kube.reviews import OPENSHIFT_SELF, SELF_REVIEWS, who_am_i
from apps.clusters.permissions import MOST_SHOWN, PermissionReport, review
from apps.http import Upstream
from tests.clusters.permitted import report_of, unread
from tests.fakes import upstream as fake
from tests.fakes.upstream import Answer, Behaviour

RULES = f"{reviews.AUTHORIZATION}/selfsubjectrulesreviews"
ACCESS = f"{reviews.AUTHORIZATION}/selfsubjectaccessreviews"
TOKEN = "canary-5f0c9a52-not-to-be-seen"
ENOUGH = [
    {"verbs": ["list"], "apiGroups": [""], "resources": ["*"]},
]
PATHS = [{"verbs": ["get"], "nonResourceURLs": ["/*"]}]
NOT_UNDERSTOOD = "What the API server answers when asked what we may do cannot be understood."


def rules(resources: Any = (), paths: Any = (), **more: Any) -> Answer:
    status = {"resourceRules": resources, "nonResourceRules": paths, "incomplete": False, **more}
    return (201, {"kind": "SelfSubjectRulesReview", "status": status})


@pytest.fixture
def api() -> Iterator[fake.Upstream]:
    answers: dict[str, Answer] = {
        "/apis": (200, {"groups": [{"name": "apps"}]}),
        RULES: rules(ENOUGH, PATHS),
        ACCESS: (201, {"status": {"allowed": False}}),
    }
    with fake.serve(answers) as running:
        yield running


def at(api: fake.Upstream) -> Upstream:
    return Upstream(api.url, token=TOKEN)


@pytest.mark.parametrize(
    "answer",
    [
        (201, "<html>"),
        (201, b"\xff\xfe\x00"),
        (201, "[]"),
        (201, "null"),
        (201, {}),
        (201, {"status": None}),
        (201, {"status": {}}),
        (201, {"status": {"resourceRules": 1, "nonResourceRules": []}}),
        (201, {"status": {"resourceRules": [1], "nonResourceRules": []}}),
        (201, {"status": {"resourceRules": [{"verbs": "get"}], "nonResourceRules": []}}),
        (201, {"status": {"resourceRules": [{"verbs": [None]}], "nonResourceRules": []}}),
        (201, {"status": {"resourceRules": [], "nonResourceRules": [], "incomplete": "yes"}}),
        (201, '{"status": ' * 50_000),
    ],
)
async def test_nonsense_is_unknown_and_not_quoted(api: fake.Upstream, answer: Answer) -> None:
    api.answers[RULES] = answer
    assert await unread(at(api)) == Unread(NOT_UNDERSTOOD)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((500, "a trace"), "The API server answers 500 when asked what we may do."),
        ((302, ""), "The API server answers 302 when asked what we may do."),
        ((401, {}), "The API server refuses our token (401), so it does not say what we may do."),
        (Behaviour.CUT, "The API server does not say what we may do: the connection broke"),
        ((201, b" " * (4 * 1024 * 1024 + 1)), "the answer is larger than 4 MiB"),
    ],
)
async def test_a_failing_review_says_why(api: fake.Upstream, answer: Answer, words: str) -> None:
    api.answers[RULES] = answer
    assert words in (await unread(at(api))).reason


@pytest.mark.parametrize("path", ["/apis", RULES, ACCESS])
@pytest.mark.parametrize("behaviour", [Behaviour.HANG, Behaviour.DRIP])
async def test_a_slow_server_is_left_in_time(
    api: fake.Upstream, path: str, behaviour: Behaviour
) -> None:
    api.answers[RULES] = rules(incomplete=True)
    api.answers[path] = behaviour
    found = await unread(at(api), seconds=0.4)
    assert "no answer in" in found.reason or "no time left" in found.reason


@pytest.mark.parametrize("status", [401, 500, 404])
async def test_a_server_that_hides_its_groups_for_another_reason(
    api: fake.Upstream, status: int
) -> None:
    api.answers["/apis"] = (status, {})
    found = await review(at(api), 10, "KUBERNETES")
    # Without /apis there are no groups to know: the rest may still be told.
    assert isinstance(found, PermissionReport if status == 404 else Unread)


async def test_more_rules_than_can_be_looked_through_are_not(api: fake.Upstream) -> None:
    api.answers[RULES] = rules([{"verbs": ["get"] * reviews.MOST_WORDS}])
    assert "more rules" in (await unread(at(api))).reason


@pytest.mark.parametrize("nothing", [None, []])
async def test_no_rules_are_no_rights(api: fake.Upstream, nothing: object) -> None:
    api.answers[RULES] = rules(nothing, nothing)
    report = await report_of(at(api), "KUBERNETES")
    assert {one.resource for one in report.missing} >= {"nodes", "pods", "/version"}
    assert ACCESS not in api.paths()


async def test_a_binding_to_a_role_that_is_gone_leaves_the_answer_whole(
    api: fake.Upstream,
) -> None:
    """RBAC tells of it by an evaluationError; only `incomplete` means that rules are unsaid."""
    gone = 'clusterroles.rbac.authorization.k8s.io "gone" not found'
    api.answers[RULES] = rules(ENOUGH, PATHS, evaluationError=gone)
    assert (await report_of(at(api), "KUBERNETES")).complete
    assert ACCESS not in api.paths()


@pytest.mark.parametrize("status", [403, 404])
async def test_where_rules_cannot_be_listed_each_right_is_asked_for(
    api: fake.Upstream, status: int
) -> None:
    api.answers[RULES] = (status, {})
    api.answers[ACCESS] = (201, {"status": {"allowed": True}})
    report = await report_of(at(api), "KUBERNETES")
    assert report.complete
    (excess,) = report.excessive
    assert excess.resource == "*"


async def test_a_rule_that_is_listed_is_believed_though_others_are_unsaid(
    api: fake.Upstream,
) -> None:
    api.answers[RULES] = rules(ENOUGH, PATHS, incomplete=True)
    report = await report_of(at(api), "KUBERNETES")
    assert report.complete
    asked = [json.loads(one.body)["spec"] for one in api.requests if one.path == ACCESS]
    assert {"resourceAttributes": {"verb": "list", "resource": "nodes"}} not in asked
    assert {
        "resourceAttributes": {"verb": "create", "resource": "pods", "subresource": "exec"}
    } in asked


async def test_an_account_that_may_not_even_ask_is_told_what_to_grant(
    api: fake.Upstream,
) -> None:
    api.answers[RULES] = api.answers[ACCESS] = (403, {})
    assert await unread(at(api)) == Unread(
        "Our token may not ask what we may do (403). Bind the cluster role system:basic-user "
        "to its account.",
        403,
        lasting=True,
    )


@pytest.mark.parametrize("answer", [(201, {"status": {"allowed": "yes"}}), (201, "{}"), (500, "")])
async def test_one_unclear_decision_leaves_all_unknown(api: fake.Upstream, answer: Answer) -> None:
    api.answers[RULES] = rules(incomplete=True)
    api.answers[ACCESS] = answer
    assert isinstance(await unread(at(api)), Unread)


async def test_no_beginning_of_a_long_token_is_shown(api: fake.Upstream) -> None:
    token = f"eyJhbGciOiJSUzI1NiJ9.{'canary' * 200}"
    echo = {"verbs": ["*"], "apiGroups": [""], "resources": [token]}
    api.answers[RULES] = rules([*ENOUGH, echo], PATHS)
    report = await report_of(Upstream(api.url, token=token), "KUBERNETES")
    assert "canary" not in repr(report)


async def test_a_resource_that_is_called_like_our_token_is_hidden(api: fake.Upstream) -> None:
    echo = {"verbs": ["*"], "apiGroups": [f"of.{TOKEN}"], "resources": [TOKEN, "x" * 5_000]}
    api.answers[RULES] = rules([*ENOUGH, echo], PATHS)
    report = await report_of(at(api), "KUBERNETES")
    assert TOKEN not in repr(report)
    assert "[hidden]" in repr(report.excessive)
    assert "(too long to be shown)" in repr(report.excessive)


WIDE = [
    {"verbs": ["*"], "apiGroups": [f"group-{number}"], "resources": ["things"]}
    for number in range(3 * MOST_SHOWN)
]
MANY = [str(number) for number in range(9_000)]


@pytest.mark.parametrize("flood", [WIDE, [{"verbs": MANY, "apiGroups": MANY, "resources": ["*"]}]])
async def test_a_flood_of_wide_rules_is_cut(
    api: fake.Upstream, flood: list[dict[str, Any]]
) -> None:
    api.answers[RULES] = rules(flood)
    report = await report_of(at(api), "KUBERNETES")
    assert len(report.excessive) == MOST_SHOWN


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
words = (
    st.none()
    | st.lists(st.sampled_from(["*", "", "get", "list", "pods", "/version"]), max_size=6)
    | anything
)
RULE_KEYS = ["verbs", "apiGroups", "resources", "resourceNames", "nonResourceURLs"]
some_rules = (
    st.lists(st.dictionaries(st.sampled_from(RULE_KEYS), words) | anything, max_size=6) | anything
)
statuses = anything | st.fixed_dictionaries(
    {"resourceRules": some_rules, "nonResourceRules": some_rules},
    optional={"incomplete": st.booleans() | anything, "evaluationError": anything},
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(statuses)
async def test_any_json_is_a_report_or_unknown(api: fake.Upstream, value: object) -> None:
    api.answers[RULES] = (201, json.dumps({"status": value}))
    assert isinstance(await review(at(api), 10, "KUBERNETES"), PermissionReport | Unread)


async def test_an_old_server_does_not_know_who_we_are(api: fake.Upstream) -> None:
    assert await who_am_i(at(api), 10) is None
    assert api.paths() == [SELF_REVIEWS, OPENSHIFT_SELF]


async def test_an_old_openshift_says_it_in_its_own_way(api: fake.Upstream) -> None:
    name = "system:serviceaccount:aiops-nextgen-reader:aiops-nextgen-reader"
    api.answers[OPENSHIFT_SELF] = (200, {"metadata": {"name": name}})
    assert await who_am_i(at(api), 10) == name


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((401, {}), "refuses our token (401), so it does not say who we are"),
        ((403, {}), "Our token may not ask who we are (403)"),
        ((201, {"status": {}}), "asked who we are cannot be understood"),
        ((201, {"status": {"userInfo": {"username": 7}}}), "cannot be understood"),
        ((201, {"status": {"userInfo": {"username": "x" * 1025}}}), "too long to be one"),
    ],
)
async def test_who_we_are_may_stay_unknown(api: fake.Upstream, answer: Answer, words: str) -> None:
    api.answers[SELF_REVIEWS] = answer
    found = await who_am_i(at(api), 10)
    assert isinstance(found, Unread)
    assert words in found.reason


async def test_a_name_that_holds_our_token_is_hidden(api: fake.Upstream) -> None:
    api.answers[SELF_REVIEWS] = (201, {"status": {"userInfo": {"username": f"token:{TOKEN}"}}})
    assert await who_am_i(at(api), 10) == "token:[hidden]"
