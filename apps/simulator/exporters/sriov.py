"""What the SR-IOV network metrics exporter prints about the virtual functions of one node."""

from apps.simulator.exposition import Family
from apps.simulator.world import Cluster, Node, Pod

# Virtual functions 0-3 are cut from the fronthaul port, 4-7 from the midhaul port.
PORTS = ("ens2f0", "ens3f0")
FUNCTIONS_OF_A_PORT = 4
RATES = {"bytes": 410e6, "packets": 62e3, "broadcast": 0.02, "multicast": 1.4, "dropped": 0.0}


def port_of(function: int) -> tuple[str, int]:
    return PORTS[function // FUNCTIONS_OF_A_PORT], function % FUNCTIONS_OF_A_PORT


def address(function: int) -> str:
    port, number = divmod(function, FUNCTIONS_OF_A_PORT)
    return f"0000:{0x5E + 0x59 * port:02x}:02.{number}"


def holder(pods: list[Pod], function: int) -> Pod | None:
    return next((pod for pod in pods if (function, None) in pod.devices), None)


def families(cluster: Cluster, node: Node) -> list[Family]:
    pods = cluster.pods_on(node)
    found = []
    for direction in ("rx", "tx"):
        for unit, rate in RATES.items():
            if direction == "tx" and unit in ("broadcast", "multicast"):
                continue
            found.append(traffic(cluster, node, direction, unit, rate))
    return [*found, devices(pods), *processors(node, pods)]


def traffic(cluster: Cluster, node: Node, direction: str, unit: str, rate: float) -> Family:
    family = Family(f"sriov_vf_{direction}_{unit}", "counter", f"Statistic {direction}_{unit}.")
    pods = cluster.pods_on(node)
    for function in range(FUNCTIONS_OF_A_PORT * len(PORTS)):
        port, number = port_of(function)
        mean = rate * (1.0 if port == PORTS[0] else 0.3) if holder(pods, function) else 0.0
        wave = cluster.rhythm.wave(f"sriov/{family.name}/{function}", mean, daily=0.45, jitter=0.2)
        family.add(
            wave.since(node.booted),
            numa_node=str(function // FUNCTIONS_OF_A_PORT),
            pciAddr=address(function),
            pf=port,
            vf=str(number),
        )
    return family


def devices(pods: list[Pod]) -> Family:
    family = Family("sriov_kubepoddevice", "gauge", "PCI devices in use by pods.")
    for pod in pods:
        for function, _ in pod.devices:
            kind = "intel_fronthaul" if port_of(function)[0] == PORTS[0] else "intel_midhaul"
            family.add(
                1.0,
                pciAddr=address(function),
                dev_type=f"openshift.io/{kind}",
                pod=pod.name,
                namespace=pod.namespace,
                container=pod.containers[0].name,
            )
    return family


def processors(node: Node, pods: list[Pod]) -> list[Family]:
    """Processors pinned to the pods that hold devices, dealt out from the fourth on."""
    pinned = Family("sriov_kubepodcpu", "gauge", "Processors pinned to pods.")
    free = 4
    for pod in (pod for pod in pods if pod.devices):
        for _ in range(pod.containers[0].cpu_millis // 1000):
            pinned.add(
                1.0,
                cpu_id=f"cpu{free}",
                numa_node=str(free * 2 // node.cpus),
                uid=pod.uid,
                pod=pod.name,
                namespace=pod.namespace,
                container=pod.containers[0].name,
            )
            free += 1
    info = Family("sriov_cpu_info", "gauge", "Processors and their NUMA nodes.")
    for cpu in range(node.cpus):
        info.add(1.0, cpu=f"cpu{cpu}", numa_node=str(cpu * 2 // node.cpus))
    return [pinned, info]
