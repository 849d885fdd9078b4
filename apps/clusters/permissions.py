"""What a token lacks of what we need, and what it may do that it should not.

The right kind of token reads and does nothing else, so that whoever steals it from us gains
little. Too much is a warning: some have no other token.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import islice

from apps.clusters.kube.listing import Reader, Unread, read_one
from apps.clusters.kube.openshift import Groups
from apps.clusters.kube.reviews import LONGEST_NAME, read_granted
from apps.clusters.kube.rights import EVERYTHING, Granted, Right, Rule
from apps.clusters.reader_role import RBAC, READ, Need, manifest, needs_of, platform_by
from apps.http import Upstream

ANYTHING = Right(EVERYTHING, EVERYTHING, EVERYTHING)
OWNS_ALL = "It may do everything in the cluster: whoever steals it owns the cluster."
NAMED = ", limited to objects of certain names."
MOST_SHOWN = 20
MOST_LOOKED_AT = 1_000

Rows = tuple[tuple[tuple[str, ...], str, tuple[str, ...], str], ...]

# Not every right to change something: an account on OpenShift has harmless ones of its own,
# to ask for a project or to act within narrower scopes.
_DANGERS: Rows = (
    (tuple(READ), "", ("secrets",), "It reads the passwords and tokens of all namespaces."),
    (
        ("impersonate",),
        "",
        ("users", "groups", "serviceaccounts"),
        "It acts in the name of others, administrators too.",
    ),
    (("escalate",), RBAC, ("roles", "clusterroles"), "It gives roles more than it has itself."),
    (("bind",), RBAC, ("roles", "clusterroles"), "It gives roles to anybody, itself included."),
    (("create",), "", ("serviceaccounts/token", "secrets"), "It makes tokens of other accounts."),
    (
        ("update",),
        "certificates.k8s.io",
        ("certificatesigningrequests/approval",),
        "It signs certificates for others.",
    ),
    (
        ("create", "get"),
        "",
        ("pods/exec", "pods/attach", "nodes/proxy"),
        "It runs commands in containers.",
    ),
    (("patch", "update"), "", ("pods/ephemeralcontainers",), "It runs commands in pods."),
    (("create",), "", ("pods",), "It starts containers, with any account and any secret."),
    (
        ("create", "patch", "update"),
        "apps",
        ("deployments", "daemonsets", "statefulsets"),
        "It starts containers, with any account and any secret.",
    ),
    (
        ("create",),
        "batch",
        ("jobs", "cronjobs"),
        "It starts containers, with any account and any secret.",
    ),
    (
        ("create",),
        "admissionregistration.k8s.io",
        ("mutatingwebhookconfigurations",),
        "It changes whatever others write.",
    ),
    (("delete",), "", ("nodes", "namespaces", "pods"), "It deletes what runs."),
)
DANGERS = {
    Right(verb, resource, group): why
    for verbs, group, resources, why in _DANGERS
    for resource in resources
    for verb in verbs
}


@dataclass(frozen=True, slots=True)
class Missing:
    """`resource` may be a path of the API, as in `kubectl auth can-i get /readyz`."""

    verb: str
    resource: str
    api_group: str
    namespace: str
    needed_for: str


@dataclass(frozen=True, slots=True)
class Excessive:
    verb: str
    resource: str
    api_group: str
    why: str


@dataclass(frozen=True, slots=True)
class PermissionReport:
    """`manifest` is the role that would be right, or nothing where nothing is wrong."""

    complete: bool
    missing: tuple[Missing, ...] = ()
    excessive: tuple[Excessive, ...] = ()
    manifest: str = ""


async def review(
    upstream: Upstream, seconds: float, platform: str, *, for_monitoring: bool = False
) -> PermissionReport | Unread:
    """Say what the token of `upstream`, an API server, may do; or why that cannot be known.

    `for_monitoring`: the same token is shown to the cluster's own Prometheus, too.
    """
    reader = Reader.within(upstream, seconds)
    groups = await read_one(reader, "API groups", "/apis", Groups)
    if isinstance(groups, Unread) and groups.status != 403:
        return groups
    served = groups.names() if isinstance(groups, Groups) else None
    platform = platform_by(served, platform)
    needs = needs_of(platform, served, for_monitoring=for_monitoring)
    granted = await read_granted(reader, [*(need.right for need in needs), ANYTHING, *DANGERS])
    if isinstance(granted, Unread):
        return granted
    report = conclude(granted, needs, platform)
    # Nothing keeps a server from naming a resource as our token.
    shown = (_shown(one, upstream) for one in report.excessive)
    return replace(report, excessive=tuple(shown))


def _shown(one: Excessive, upstream: Upstream) -> Excessive:
    # A word that is cut might hold the beginning of a token, which nobody would recognise.
    verb, resource, group = (
        upstream.quote(said) if len(said) <= LONGEST_NAME else "(too long to be shown)"
        for said in (one.verb, one.resource, one.api_group)
    )
    return Excessive(verb, resource, group, one.why)


def conclude(granted: Granted, needs: Iterable[Need], platform: str) -> PermissionReport:
    missing = tuple(_miss(need) for need in needs if not granted.allows(need.right))
    excessive = tuple(_exceeding(granted))
    return PermissionReport(
        complete=not missing,
        missing=missing,
        excessive=excessive,
        manifest=manifest(platform) if missing or excessive else "",
    )


def _miss(need: Need) -> Missing:
    right = need.right
    return Missing(
        right.verb,
        right.path or right.resource,
        right.api_group,
        right.namespace,
        need.needed_for,
    )


def _exceeding(granted: Granted) -> Iterable[Excessive]:
    if granted.allows(ANYTHING):
        return [Excessive(EVERYTHING, EVERYTHING, EVERYTHING, OWNS_ALL)]
    known = [
        Excessive(right.verb, right.resource, right.api_group, _limited(why, granted, right))
        for right, why in DANGERS.items()
        if granted.touches(right)
    ]
    wide = (one for rule in granted.rules.get("", ()) for one in _wildcards(rule))
    # Cut before anything is collected: one rule of many verbs and groups makes millions.
    distinct = dict.fromkeys(islice(wide, MOST_LOOKED_AT))
    return [*known, *islice(distinct, MOST_SHOWN)]


def _limited(why: str, granted: Granted, right: Right) -> str:
    return why if granted.allows(right) else why.removesuffix(".") + NAMED


def _wildcards(rule: Rule) -> Iterable[Excessive]:
    """A right to every verb or every resource grows by itself with what the cluster gets."""
    verbs = [EVERYTHING] if EVERYTHING in rule.verbs else sorted(rule.verbs)
    resources = [EVERYTHING] if EVERYTHING in rule.resources else sorted(rule.resources)
    if EVERYTHING not in (*verbs, *resources):
        return
    why = (
        "It may do whatever can be done to these."
        if verbs == [EVERYTHING]
        else "It reaches every kind of object of this group, those too that come later."
    )
    if rule.names:
        why = why.removesuffix(".") + NAMED
    for group in [EVERYTHING] if EVERYTHING in rule.api_groups else sorted(rule.api_groups):
        for resource in resources:
            for verb in verbs:
                yield Excessive(verb, resource, group, why)
