"""The role that we ask for: each right that is used, what is lost without it, and its manifest.

Whatever discovery comes to read gets its row here; the manifest grants these rows and no more.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import yaml

from apps.clusters.kube.listing import Kind
from apps.clusters.kube.nodes import NODES
from apps.clusters.kube.openshift import (
    CLUSTER_VERSIONS,
    MICROSHIFT_VERSION,
    PTP_CONFIGS,
    ROUTES,
    SRIOV_POLICIES,
)
from apps.clusters.kube.rights import Right
from apps.clusters.kube.workloads import GPU_PODS, NAMESPACES, SERVICES
from apps.clusters.models.cluster import Platform

NAME = "aiops-nextgen-reader"
EXECUTOR = f"{NAME}-exec"
READ = ["get", "list", "watch"]
ANYWHERE = frozenset(Platform)
OPENSHIFT = frozenset({Platform.OPENSHIFT})
MICROSHIFT = frozenset({Platform.MICROSHIFT})
RBAC = "rbac.authorization.k8s.io"


@dataclass(frozen=True, slots=True)
class Need:
    """A right, and what it is for.

    Needed where the API serves `group`; on `platforms` where it hides what it serves.
    """

    right: Right
    needed_for: str
    group: str = ""
    platforms: frozenset[Platform] = ANYWHERE

    def applies(self, platform: str, served: frozenset[str] | None) -> bool:
        if self.group and served is not None:
            return self.group in served
        return platform in self.platforms


def _list(kind: Kind[Any, Any], needed_for: str, platforms: frozenset[Platform] = ANYWHERE) -> Need:
    return Need(Right("list", kind.resource, kind.group), needed_for, kind.group, platforms)


def _place(path: str) -> tuple[str, str, str]:
    """Return namespace, resource and name of the path of one object."""
    *_, namespace, resource, name = path.split("/")
    return namespace, resource, name


LISTS = (
    _list(NODES, "Nodes, their versions and their GPUs are counted."),
    _list(NAMESPACES, "Network functions and MicroShift are known by their namespaces."),
    _list(SERVICES, "Prometheus, Loki, Tempo and a service mesh are found by their services."),
    _list(GPU_PODS, "The GPU operator is found by its pods."),
    _list(
        CLUSTER_VERSIONS,
        "OpenShift and its version are told by its cluster version.",
        OPENSHIFT,
    ),
    _list(
        ROUTES,
        "Addresses of Prometheus, Alertmanager, Loki and Tempo are suggested from their routes.",
        OPENSHIFT | MICROSHIFT,
    ),
    _list(SRIOV_POLICIES, "Network functions are known by their SR-IOV node policies."),
    _list(PTP_CONFIGS, "Network functions are known by their PTP configurations."),
)
PATHS = tuple(
    Need(Right("get", path=path), needed_for)
    for path, needed_for in (
        ("/version", "The version of Kubernetes is read from it."),
        ("/apis", "What the API server offers is read from it."),
        ("/readyz", "It says whether the API server is ready, and not only that it answers."),
    )
)
_NAMESPACE, _CONFIG_MAPS, _CONFIG_MAP = _place(MICROSHIFT_VERSION)
MICROSHIFTS_OWN = Need(
    Right("get", _CONFIG_MAPS, name=_CONFIG_MAP, namespace=_NAMESPACE),
    "The version of MicroShift is read from it.",
    platforms=MICROSHIFT,
)
# The proxies before OpenShift's monitoring ask for these. We query by POST, which is "create".
MONITORING_NAMESPACE = "openshift-monitoring"
MONITORING = tuple(
    Need(
        Right(verb, resource, "monitoring.coreos.com", name, MONITORING_NAMESPACE),
        needed_for,
        CLUSTER_VERSIONS.group,
        OPENSHIFT,
    )
    for verb, resource, name, needed_for in (
        ("get", "prometheuses/api", "k8s", "The health of Prometheus is asked for."),
        ("create", "prometheuses/api", "k8s", "Metrics are queried from Prometheus."),
        ("get", "alertmanagers/api", "main", "The health of Alertmanager is asked for."),
    )
)


def platform_by(served: frozenset[str] | None, said: str) -> str:
    """Return the platform: what people say is OpenShift by default, and often is not."""
    if served is None:
        return said
    if CLUSTER_VERSIONS.group in served:
        return Platform.OPENSHIFT
    if said == Platform.OPENSHIFT:
        return Platform.MICROSHIFT if ROUTES.group in served else Platform.KUBERNETES
    return said


def needs_of(
    platform: str, served: frozenset[str] | None = None, *, for_monitoring: bool = False
) -> tuple[Need, ...]:
    """Return what a token needs; `served` are the API's groups, or None where it hides them."""
    needs = (*LISTS, *PATHS, MICROSHIFTS_OWN, *(MONITORING if for_monitoring else ()))
    return tuple(need for need in needs if need.applies(platform, served))


def manifest(platform: str, *, exec_in: str = "") -> str:
    """Return the YAML that makes an account with this role and no other.

    `exec_in` is a namespace in whose pods it may run commands besides.
    """
    promise = f"run commands in the pods of {exec_in}" if exec_in else "change nothing"
    header = (
        f"# Lets AIOps NextGen read this cluster, and {promise}. Secrets stay unread.\n"
        "# Apply it, then make the token to register the cluster with:\n"
        "#   kubectl apply -f reader.yaml\n"
        f"#   kubectl -n {NAME} create token {NAME} --duration 8760h\n"
    )
    documents = yaml.safe_dump_all(
        [*_documents(Platform(platform)), *_executing(exec_in)],
        sort_keys=False,
        default_flow_style=None,
        width=100,
    )
    return f"{header}---\n{documents}"


def _documents(platform: Platform) -> list[dict[str, Any]]:
    documents = [
        _object("v1", "Namespace", NAME),
        _object("v1", "ServiceAccount", NAME, NAME),
        _object(f"{RBAC}/v1", "ClusterRole", NAME) | {"rules": _rules(platform)},
        _binding("ClusterRoleBinding", NAME, "ClusterRole", NAME),
    ]
    if platform in MICROSHIFTS_OWN.platforms:
        right = MICROSHIFTS_OWN.right
        rule = _rule([right.api_group], [right.resource], [right.verb]) | {
            "resourceNames": [right.name]
        }
        documents += [
            _object(f"{RBAC}/v1", "Role", NAME, right.namespace) | {"rules": [rule]},
            _binding("RoleBinding", NAME, "Role", NAME, right.namespace),
        ]
    if platform == Platform.OPENSHIFT:
        monitoring, namespace = f"{NAME}-monitoring", MONITORING_NAMESPACE
        documents += [
            _binding("ClusterRoleBinding", monitoring, "ClusterRole", "cluster-monitoring-view"),
            _binding("RoleBinding", monitoring, "Role", "monitoring-alertmanager-view", namespace),
        ]
    return documents


def _executing(namespace: str) -> list[dict[str, Any]]:
    """A strong right, so that it is of one namespace, and of that only where it is wanted.

    A WebSocket begins as a `get` to RBAC; since Kubernetes 1.35 it takes `create` besides.
    """
    if not namespace:
        return []
    rule = _rule([""], ["pods/exec"], ["get", "create"])
    return [
        _object(f"{RBAC}/v1", "Role", EXECUTOR, namespace) | {"rules": [rule]},
        _binding("RoleBinding", EXECUTOR, "Role", EXECUTOR, namespace),
    ]


def _rules(platform: Platform) -> list[dict[str, Any]]:
    rights = [need.right for need in LISTS if platform in need.platforms]
    return [
        *(_rule([group], resources, READ) for group, resources in _by_group(rights).items()),
        {"nonResourceURLs": [need.right.path for need in PATHS], "verbs": ["get"]},
    ]


def _by_group(rights: Iterable[Right]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for right in rights:
        found.setdefault(right.api_group, []).append(right.resource)
    return found


def _rule(groups: list[str], resources: list[str], verbs: list[str]) -> dict[str, Any]:
    return {"apiGroups": groups, "resources": resources, "verbs": list(verbs)}


def _object(api_version: str, kind: str, name: str, namespace: str = "") -> dict[str, Any]:
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata}


def _binding(
    kind: str, name: str, role_kind: str, role: str, namespace: str = ""
) -> dict[str, Any]:
    return _object(f"{RBAC}/v1", kind, name, namespace) | {
        "roleRef": {"apiGroup": RBAC, "kind": role_kind, "name": role},
        "subjects": [{"kind": "ServiceAccount", "name": NAME, "namespace": NAME}],
    }
