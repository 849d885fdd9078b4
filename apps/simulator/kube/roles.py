"""What the asker of a simulated API may do: rules as RBAC has them, and how they are matched."""

from dataclasses import dataclass
from itertools import product

from apps.simulator.kube import resources
from apps.simulator.kube.extras import READER_NAMESPACE

ALL = "*"


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants to do: to `group/resource`, or at a `path` that is none."""

    verb: str
    group: str = ""
    resource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a ClusterRole, or of a Role of `namespace`."""

    verbs: tuple[str, ...]
    groups: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    namespace: str = ""

    def allows(self, asked: Asked) -> bool:
        if asked.path:
            wanted = product(self.verbs, self.paths)
            return any(v in (ALL, asked.verb) and reaches(p, asked.path) for v, p in wanted)
        if self.namespace not in ("", asked.namespace):
            return False
        if self.names and asked.name not in self.names:
            return False
        return any(
            verb in (ALL, asked.verb)
            and group in (ALL, asked.group)
            and (named in (ALL, asked.resource) or is_that_subresource(named, asked.resource))
            for verb, group, named in product(self.verbs, self.groups, self.resources)
        )


def reaches(pattern: str, path: str) -> bool:
    start = pattern.rstrip(ALL)
    return path.startswith(start) if pattern.endswith(ALL) else path == pattern


def is_that_subresource(named: str, resource: str) -> bool:
    parent, _, subresource = resource.partition("/")
    return bool(parent and subresource) and named == f"{ALL}/{subresource}"


@dataclass(frozen=True, slots=True)
class Role:
    """All that one token may do. Not `listed`: a webhook decides, and cannot say by what rules."""

    rules: tuple[Rule, ...]
    listed: bool = True

    def allows(self, asked: Asked) -> bool:
        return any(rule.allows(asked) for rule in self.rules)

    def rules_in(self, namespace: str) -> tuple[Rule, ...]:
        told = self.rules if self.listed else BASIC
        return tuple(rule for rule in told if rule.namespace in ("", namespace))


def reading() -> tuple[Rule, ...]:
    """Everything that there is, but secrets."""
    kinds = [kind for kind in resources.TABLE if kind.plural != "secrets"]
    return tuple(
        Rule(("get", "list"), (group,), tuple(k.plural for k in kinds if k.group == group))
        for group in dict.fromkeys(kind.group for kind in kinds)
    )


# What every account has: system:basic-user, system:discovery and system:public-info-viewer.
BASIC = (
    Rule(
        ("create",),
        ("authorization.k8s.io",),
        ("selfsubjectaccessreviews", "selfsubjectrulesreviews"),
    ),
    Rule(("create",), ("authentication.k8s.io",), ("selfsubjectreviews",)),
    Rule(("get", "head"), paths=("/api", "/api/*", "/apis", "/apis/*")),
    Rule(("get", "head"), paths=("/healthz", "/livez", "/readyz", "/version")),
)
# On OpenShift: cluster-monitoring-view, and monitoring-alertmanager-view in its namespace.
MONITORING = (
    Rule(
        ("get", "create", "update"),
        ("monitoring.coreos.com",),
        ("prometheuses/api",),
        ("k8s",),
    ),
    Rule(
        ("get", "list"),
        ("monitoring.coreos.com",),
        ("alertmanagers/api",),
        ("main",),
        namespace="openshift-monitoring",
    ),
)
# What `manage.py reader_manifest --exec-in` adds: commands where the GPU operator's pods are.
EXECUTING = Rule(("get", "create"), ("",), ("pods/exec",), namespace="gpu-operator")
READER = Role(
    (
        *BASIC,
        *reading(),
        *MONITORING,
        EXECUTING,
        Rule(("get", "list"), ("",), ("secrets",), namespace=READER_NAMESPACE),
        # In which MicroShift says its version.
        Rule(("get",), ("",), ("configmaps",), ("microshift-version",), namespace="kube-public"),
    )
)
