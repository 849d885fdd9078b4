"""From what a survey found to what a cluster can do, each with its evidence: pure.

A conclusion is a value and the sentence that it was concluded from; None means unknown. The
order of GPU evidence and the marks of network functions are those of the contract.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from apps.clusters.accelerators import judge_gpus
from apps.clusters.conclusion import Conclusion, name_some
from apps.clusters.kube.listing import Listed, Unread
from apps.clusters.kube.survey import Findings
from apps.clusters.models.cluster import Platform
from apps.clusters.stack import judge_stack, suggest

CNF_BY_PREFIX = {"du-": "VDU", "cu-": "VCU", "upf-": "UPF", "amf-": "AMF", "smf-": "SMF"}
# MicroShift brings these of OpenShift, but no cluster version.
MICROSHIFT_MARKS = {"openshift-service-ca", "openshift-ovn-kubernetes"}
# The SR-IOV operator makes this one by itself, wherever it is installed.
OPERATORS_OWN_POLICY = "default"


@dataclass(frozen=True, slots=True)
class Discovery:
    """All conclusions by their names in the contract. `whole`: no reading failed in passing."""

    conclusions: dict[str, Conclusion]
    suggested_endpoints: dict[str, str] = field(default_factory=dict)
    whole: bool = True

    def values(self) -> dict[str, Any]:
        return {name: one.value for name, one in self.conclusions.items()}

    def evidence(self) -> dict[str, str]:
        return {name: one.because for name, one in self.conclusions.items()}


def conclude(findings: Findings) -> Discovery:
    found = (getattr(findings, name) for name in Findings.__slots__)
    return Discovery(
        conclusions={
            **judge_platform(findings),
            **judge_nodes(findings),
            **judge_gpus(findings),
            **judge_stack(findings.services),
            **judge_network_functions(findings),
        },
        suggested_endpoints=suggest(findings.services, findings.routes),
        whole=all(one.lasting for one in found if isinstance(one, Unread)),
    )


def judge_platform(findings: Findings) -> dict[str, Conclusion]:
    """OpenShift has a cluster version, MicroShift says so or shows by its marks; else plain."""
    platform, version = _platform(findings)
    return {"platform": platform, "platform_version": version}


def _platform(findings: Findings) -> tuple[Conclusion, Conclusion]:
    match findings.releases:
        case Listed(items=[release, *_]):
            because = f"The cluster version of OpenShift is {release or 'not said'}."
            return Conclusion(Platform.OPENSHIFT.value, because), Conclusion(
                release or None, because
            )
    if isinstance(findings.microshift, str):
        because = "The config map kube-public/microshift-version is there."
        return Conclusion(Platform.MICROSHIFT.value, because), Conclusion(
            findings.microshift or None, because
        )
    if isinstance(findings.releases, Unread):
        unknown = Conclusion(None, findings.releases.reason)
        return unknown, unknown
    return _without_a_version_of_its_own(findings)


def _without_a_version_of_its_own(findings: Findings) -> tuple[Conclusion, Conclusion]:
    if isinstance(findings.namespaces, Unread):
        unknown = Conclusion(None, findings.namespaces.reason)
        return unknown, unknown
    names = {namespace.name for namespace in findings.namespaces.items}
    if names >= MICROSHIFT_MARKS:
        marks = " and ".join(sorted(MICROSHIFT_MARKS))
        because = f"It has the namespaces {marks}, but no cluster version as OpenShift has."
        unsaid = "The config map kube-public/microshift-version, which would say it, is not there."
        return Conclusion(Platform.MICROSHIFT.value, because), Conclusion(None, unsaid)
    plain = "It has neither a cluster version of OpenShift nor the marks of MicroShift."
    return Conclusion(Platform.KUBERNETES.value, plain), _kubernetes_version(findings)


def _kubernetes_version(findings: Findings) -> Conclusion:
    if isinstance(findings.version, Unread):
        return Conclusion(None, findings.version.reason)
    return Conclusion(findings.version, f"/version of the API server says {findings.version}.")


def judge_nodes(findings: Findings) -> dict[str, Conclusion]:
    version = _kubernetes_version(findings)
    if isinstance(findings.nodes, Unread):
        count = Conclusion(None, findings.nodes.reason)
    else:
        found = findings.nodes.items
        count = Conclusion(len(found), f"The API lists {name_some('node', _names(found))}.")
    return {"node_count": count, "kubernetes_version": version}


def judge_network_functions(findings: Findings) -> dict[str, Conclusion]:
    types, evidence, unread = set(), [], []
    if isinstance(findings.namespaces, Unread):
        unread.append(findings.namespaces.reason)
    else:
        named = [(one.name, _cnf_type(one.name)) for one in findings.namespaces.items]
        types = {cnf for _, cnf in named if cnf}
        if types:
            evidence.append(name_some("namespace", [name for name, cnf in named if cnf]))
    for noun, found in (
        ("SR-IOV node policy", findings.sriov_policies),
        ("PTP configuration", findings.ptp_configs),
    ):
        if isinstance(found, Unread):
            unread.append(found.reason)
        elif names := [str(one) for one in found.items if one.name != OPERATORS_OWN_POLICY]:
            evidence.append(name_some(noun, names))
    if evidence:
        because = f"Found: {'; '.join(evidence)}."
        return _network_functions(True, sorted(types) or ["OTHER"], because)
    if unread:
        return _network_functions(None, [], " ".join(unread))
    nothing = (
        "There is no namespace du-*, cu-*, upf-*, amf-* or smf-*, no SR-IOV node policy and no "
        "PTP configuration."
    )
    return _network_functions(False, [], nothing)


def _network_functions(has: bool | None, types: list[str], because: str) -> dict[str, Conclusion]:
    return {
        "has_cnf_workloads": Conclusion(has, because),
        "cnf_types": Conclusion(types, because),
    }


def _cnf_type(namespace: str) -> str | None:
    prefixes = (prefix for prefix in CNF_BY_PREFIX if namespace.startswith(prefix))
    prefix = next(prefixes, None)
    return CNF_BY_PREFIX[prefix] if prefix else None


def _names(found: Iterable[Any]) -> Sequence[str]:
    return [one.name for one in found]
