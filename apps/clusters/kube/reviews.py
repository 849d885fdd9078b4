"""Asks an API server what our token may do, and whose it is, by its reviews of the asker.

Rules are listed per namespace, those of the whole cluster in every answer. Asked for a namespace
that does not exist, the server lists those of the whole cluster alone: in any other one a role
of that namespace would look like a right to all.
"""

import asyncio
from collections.abc import Iterable
from itertools import chain
from typing import Any, TypeVar

import msgspec

from apps.clusters.kube.listing import Reader, Unread, read_one
from apps.clusters.kube.rights import Granted, Right, Rule
from apps.clusters.kube.workloads import Named
from apps.http import MIB, Call, Unreachable, Upstream, ask

AUTHORIZATION = "/apis/authorization.k8s.io/v1"
ACCESS_REVIEWS = f"{AUTHORIZATION}/selfsubjectaccessreviews"
SELF_REVIEWS = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
OPENSHIFT_SELF = "/apis/user.openshift.io/v1/users/~"
# No binding can stand in a namespace that is not there.
NOWHERE = "aiops-nextgen-no-such-namespace"
CAP = 4 * MIB
# Of verbs, groups, resources and names in all rules together; an administrator's are some hundreds.
MOST_WORDS = 20_000
LONGEST_NAME = 253
# A service account's has two names in it; an identity provider's may be any.
LONGEST_USER = 1024
AT_ONCE = 8

S = TypeVar("S")


class _ResourceRule(msgspec.Struct):
    verbs: list[str] | None = None
    apiGroups: list[str] | None = None  # noqa: N815 - the wire's own name
    resources: list[str] | None = None
    resourceNames: list[str] | None = None  # noqa: N815 - the wire's own name


class _PathRule(msgspec.Struct):
    verbs: list[str] | None = None
    nonResourceURLs: list[str] | None = None  # noqa: N815 - the wire's own name


class _Rules(msgspec.Struct):
    resourceRules: list[_ResourceRule] | None  # noqa: N815 - the wire's own name
    nonResourceRules: list[_PathRule] | None  # noqa: N815 - the wire's own name
    # Set where an authoriser decides but cannot list: the webhooks of GKE and EKS. An
    # evaluationError alone is a binding to a role that is gone, which grants nothing.
    incomplete: bool = False


class _RulesReview(msgspec.Struct):
    status: _Rules


class _Decision(msgspec.Struct):
    allowed: bool


class _AccessReview(msgspec.Struct):
    status: _Decision


class _User(msgspec.Struct):
    username: str


class _Asker(msgspec.Struct):
    user: _User = msgspec.field(name="userInfo")


class _SelfReview(msgspec.Struct):
    status: _Asker


async def read_granted(reader: Reader, rights: Iterable[Right]) -> Granted | Unread:
    """Return what our token may do, as far as it is needed to decide about each of `rights`.

    The words of its rules are the server's own, not fit for a page: it may name a resource as it
    likes.
    """
    rights = tuple(dict.fromkeys(rights))
    namespaces = list(dict.fromkeys(["", *(right.namespace for right in rights)]))
    found = await asyncio.gather(*(_read_rules(reader, namespace) for namespace in namespaces))
    rules: dict[str, tuple[Rule, ...]] = {}
    whole = True
    for namespace, review in zip(namespaces, found, strict=True):
        if isinstance(review, Unread):
            if review.status not in {403, 404}:
                return review
            whole = False
            continue
        rules[namespace] = tuple(_rules_of(review.status))
        whole = whole and not review.status.incomplete
    listed = Granted(rules)
    if whole:
        return listed
    doubtful = [right for right in rights if not listed.allows(right)]
    asked = await _ask_one_by_one(reader, doubtful)
    return asked if isinstance(asked, Unread) else Granted(rules, asked)


async def who_am_i(upstream: Upstream, seconds: float) -> str | Unread | None:
    """Return the name of the user whose token we show, or None where the server cannot tell."""
    reader = Reader.within(upstream, seconds)
    body = {"kind": "SelfSubjectReview", "apiVersion": "authentication.k8s.io/v1"}
    found = await _post(reader, SELF_REVIEWS, body, _SelfReview, "who we are")
    if isinstance(found, _SelfReview):
        return _named(upstream, found.status.user.username)
    if found.status != 404:
        return found
    # Before Kubernetes 1.28 only OpenShift could tell.
    user = await read_one(reader, "name of our user", OPENSHIFT_SELF, Named)
    if isinstance(user, Named):
        return _named(upstream, user.metadata.name)
    return user


def _named(upstream: Upstream, name: str) -> str | Unread:
    if len(name) > LONGEST_USER:
        return Unread("The API server gives us a name that is too long to be one.")
    return upstream.quote(name, LONGEST_USER)


async def _read_rules(reader: Reader, namespace: str) -> _RulesReview | Unread:
    body = _review("SelfSubjectRulesReview", {"namespace": namespace or NOWHERE})
    found = await _post(
        reader, f"{AUTHORIZATION}/selfsubjectrulesreviews", body, _RulesReview, "what we may do"
    )
    if isinstance(found, _RulesReview) and _count(found.status) > MOST_WORDS:
        return Unread("The API server lists more rules for our token than can be looked through.")
    return found


async def _ask_one_by_one(reader: Reader, rights: list[Right]) -> dict[Right, bool] | Unread:
    at_once = asyncio.Semaphore(AT_ONCE)

    async def decide(right: Right) -> _AccessReview | Unread:
        async with at_once:
            body = access_review(right)
            return await _post(reader, ACCESS_REVIEWS, body, _AccessReview, "what we may do")

    asked = {}
    for right, found in zip(rights, await asyncio.gather(*map(decide, rights)), strict=True):
        if isinstance(found, Unread):
            return found
        asked[right] = found.status.allowed
    return asked


def access_review(right: Right) -> dict[str, Any]:
    """Return the question whether our token has this right."""
    return _review("SelfSubjectAccessReview", _spec(right))


def _review(kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {"kind": kind, "apiVersion": "authorization.k8s.io/v1", "spec": spec}


def _spec(right: Right) -> dict[str, Any]:
    if right.path:
        return {"nonResourceAttributes": {"verb": right.verb, "path": right.path}}
    resource, _, subresource = right.resource.partition("/")
    said = {
        "verb": right.verb,
        "group": right.api_group,
        "resource": resource,
        "subresource": subresource,
        "name": right.name,
        "namespace": right.namespace,
    }
    return {"resourceAttributes": {key: value for key, value in said.items() if value}}


async def _post(
    reader: Reader, path: str, body: dict[str, Any], shape: type[S], what: str
) -> S | Unread:
    left = round(reader.until - asyncio.get_running_loop().time(), 1)
    if left <= 0:
        return Unread(f"There was no time left to ask the API server {what}.")
    call = Call(path, json=msgspec.json.encode(body), deadline=left, cap=CAP)
    try:
        reply = await ask(reader.upstream, call)
    except Unreachable as failure:
        return Unread(f"The API server does not say {what}: {failure.reason}.")
    if reply.status not in {200, 201}:
        return _refused(reply.status, what)
    try:
        return msgspec.json.decode(reply.body, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Unread(f"What the API server answers when asked {what} cannot be understood.")


def _refused(status: int, what: str) -> Unread:
    match status:
        case 401:
            why = f"The API server refuses our token (401), so it does not say {what}."
            return Unread(why, status, lasting=True)
        case 403:
            why = (
                f"Our token may not ask {what} (403). Bind the cluster role system:basic-user "
                "to its account."
            )
            return Unread(why, status, lasting=True)
        case 404:
            return Unread(f"The API server cannot say {what} (404).", status, lasting=True)
    return Unread(f"The API server answers {status} when asked {what}.", status)


def _count(listed: _Rules) -> int:
    rules = [*(listed.resourceRules or ()), *(listed.nonResourceRules or ())]
    return len(rules) + sum(
        len(words or ()) for rule in rules for words in msgspec.structs.astuple(rule)
    )


def _rules_of(listed: _Rules) -> Iterable[Rule]:
    resources = (
        Rule(
            verbs=frozenset(rule.verbs or ()),
            api_groups=frozenset(rule.apiGroups or ()),
            resources=frozenset(rule.resources or ()),
            names=frozenset(rule.resourceNames or ()),
        )
        for rule in listed.resourceRules or ()
    )
    paths = (
        Rule(verbs=frozenset(rule.verbs or ()), paths=frozenset(rule.nonResourceURLs or ()))
        for rule in listed.nonResourceRules or ()
    )
    return chain(resources, paths)
