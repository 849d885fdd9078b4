"""Services, secrets, and the objects that only some platforms have."""

import base64

from apps.simulator.kube.metadata import Json, Moment, metadata, stamp
from apps.simulator.world import Cluster

READER_NAMESPACE = "aiops-system"
# Workloads that are reached through a service, and its port.
PORTS = {
    "prometheus-k8s": 9091,
    "thanos-querier": 9091,
    "alertmanager-main": 9094,
    "kube-state-metrics": 8080,
    "node-exporter": 9100,
    "prometheus-node-exporter": 9100,
    "prometheus-kube-prometheus-stack": 9090,
    "prometheus": 9090,
    "nvidia-dcgm-exporter": 9400,
    "router-default": 443,
    "storefront": 8080,
    "checkout": 8080,
    "catalogue": 8080,
    "orders-db": 5432,
}


def services(moment: Moment) -> list[Json]:
    found = [service(moment, "default", "kubernetes", 443, 1)]
    for number, workload in enumerate(moment.cluster.workloads, start=10):
        port = 8000 if workload.name.startswith("vllm-") else PORTS.get(workload.name)
        if port is not None:
            found.append(service(moment, workload.namespace, workload.name, port, number))
    return found


def service(moment: Moment, namespace: str, name: str, port: int, number: int) -> Json:
    address = f"172.30.{number // 200}.{number % 200}"
    return {
        "metadata": metadata(moment, name, namespace=namespace, labels={"app": name}),
        "spec": {
            "type": "ClusterIP",
            "clusterIP": address,
            "clusterIPs": [address],
            "ports": [{"name": "web", "protocol": "TCP", "port": port, "targetPort": port}],
            "selector": {"app": name},
            "sessionAffinity": "None",
        },
        "status": {"loadBalancer": {}},
    }


def secrets(moment: Moment) -> list[Json]:
    """Secrets whose values are empty of meaning: nothing here opens anything."""
    value = base64.b64encode(b"simulated").decode()
    return [
        {
            "metadata": metadata(moment, name, namespace=namespace),
            "type": "Opaque",
            "data": {"value": value},
        }
        for namespace in moment.cluster.namespaces
        for name in secret_names(namespace)
    ]


def secret_names(namespace: str) -> tuple[str, ...]:
    if namespace == READER_NAMESPACE:
        return ("aiops-reader", "aiops-webhook")
    return ("registry-pull",)


def cluster_versions(moment: Moment) -> list[Json]:
    cluster = moment.cluster
    about = [
        ("Available", "True", f"Done applying {cluster.platform_version}"),
        ("Progressing", "False", f"Cluster version is {cluster.platform_version}"),
        ("Failing", "False", ""),
    ]
    desired = {
        "version": cluster.platform_version,
        "image": "quay.io/openshift-release-dev/ocp-release",
    }
    return [
        {
            "metadata": metadata(moment, "version"),
            "spec": {"channel": "stable-4.20", "clusterID": metadata(moment, "cluster")["uid"]},
            "status": {
                "desired": desired,
                "history": [
                    {
                        **desired,
                        "state": "Completed",
                        "startedTime": stamp(cluster.epoch),
                        "completionTime": stamp(cluster.epoch + 2_700),
                        "verified": True,
                    }
                ],
                "conditions": [
                    {
                        "type": kind,
                        "status": status,
                        "message": message,
                        "lastTransitionTime": stamp(cluster.epoch + 2_700),
                    }
                    for kind, status, message in about
                ],
            },
        }
    ]


def routes(moment: Moment) -> list[Json]:
    return [
        {
            "metadata": metadata(moment, name, namespace="openshift-monitoring"),
            "spec": {
                "host": f"{name}-openshift-monitoring.apps.{moment.cluster.domain}",
                "path": "/api",
                "to": {"kind": "Service", "name": name, "weight": 100},
                "port": {"targetPort": "web"},
                "tls": {"termination": "reencrypt", "insecureEdgeTerminationPolicy": "Redirect"},
                "wildcardPolicy": "None",
            },
            "status": {"ingress": [{"routerName": "default"}]},
        }
        for name in ("alertmanager-main", "prometheus-k8s", "thanos-querier")
    ]


def has_radio(cluster: Cluster) -> bool:
    return any(name.startswith("du-") for name in cluster.namespaces)


def sriov_policies(moment: Moment) -> list[Json]:
    namespace = "openshift-sriov-network-operator"
    return [
        {
            "metadata": metadata(moment, name, namespace=namespace),
            "spec": {
                "resourceName": f"intel_{name}",
                "numVfs": 4,
                "deviceType": "vfio-pci",
                "nicSelector": {"pfNames": [port]},
                "nodeSelector": {"node-role.kubernetes.io/worker": ""},
            },
        }
        for name, port in (("fronthaul", "ens2f0"), ("midhaul", "ens3f0"))
    ]


def ptp_configs(moment: Moment) -> list[Json]:
    name = "du-ordinary-clock"
    return [
        {
            "metadata": metadata(moment, name, namespace="openshift-ptp"),
            "spec": {
                "profile": [{"name": name, "interface": "ens2f0", "ptp4lOpts": "-2 -s"}],
                "recommend": [{"profile": name, "priority": 4}],
            },
        }
    ]
