"""What linuxptp-daemon and the cloud event proxy print about the clock of one node."""

from apps.simulator.exposition import Family
from apps.simulator.faults import Incidents
from apps.simulator.rhythm import Value, Wave
from apps.simulator.world import Cluster, Node

INTERFACE = "ens2fx"
CONFIG = "ptp4l.0.config"
PROFILE = "du-ordinary-clock"
FREERUN, LOCKED, HOLDOVER = 0.0, 1.0, 2.0
# How long the clock coasts before it gives up: HoldOverTimeout.
HOLDOVER_SECONDS = 60.0
LIMIT_NS = 100.0


def families(cluster: Cluster, node: Node, incidents: Incidents) -> list[Family]:
    clock = Clock(cluster, node, incidents)
    return [*offsets(clock), *states(clock), *settings(node)]


class Clock:
    """How far the node's clocks are off, and what they say about themselves."""

    def __init__(self, cluster: Cluster, node: Node, incidents: Incidents) -> None:
        self.cluster = cluster
        self.node = node
        self.incidents = incidents

    def wander(self, key: str, amplitude: float) -> Wave:
        swing = self.cluster.rhythm.wave(
            f"ptp/{self.node.name}/{key}", amplitude, daily=0.3, jitter=0.69
        )
        return Wave(0.0, swing.ripples)

    def offset(self, key: str, amplitude: float, drift: float) -> Value:
        wander = self.wander(key, amplitude)

        def nanoseconds(t: float) -> float:
            return float(round(wander.at(t) + drift * self.incidents.level("ptp-offset", t, 90.0)))

        return nanoseconds

    def state(self, t: float) -> float:
        lost = self.incidents.active("ptp-offset", t)
        if lost is None:
            return LOCKED
        return HOLDOVER if t - lost.since < HOLDOVER_SECONDS else FREERUN

    def grade(self, t: float) -> float:
        """The clock class: locked to a primary reference, in holdover, or out of specification."""
        return {LOCKED: 6.0, HOLDOVER: 135.0, FREERUN: 248.0}[self.state(t)]

    def role(self, t: float) -> float:
        """SLAVE, or LISTENING while no grandmaster answers."""
        return 1.0 if self.state(t) == LOCKED else 5.0


def labels(node: Node, process: str, **more: str) -> dict[str, str]:
    return {**more, "node": node.name, "process": process}


def offsets(clock: Clock) -> list[Family]:
    node = clock.node
    ptp4l = labels(node, "ptp4l", **{"from": "master", "iface": INTERFACE})
    phc2sys = labels(node, "phc2sys", **{"from": "phc", "iface": "CLOCK_REALTIME"})
    offset = Family("openshift_ptp_offset_ns", "gauge", "Offset in nanoseconds.")
    highest = Family("openshift_ptp_max_offset_ns", "gauge", "Highest offset in nanoseconds.")
    frequency = Family(
        "openshift_ptp_frequency_adjustment_ns", "gauge", "Frequency adjustment in nanoseconds."
    )
    delay = Family("openshift_ptp_delay_ns", "gauge", "Path delay in nanoseconds.")
    for who, key, amplitude, drift in (
        (ptp4l, "ptp4l", 9.0, 2_400.0),
        (phc2sys, "phc2sys", 14.0, 900.0),
    ):
        offset.add(clock.offset(key, amplitude, drift), **who)
        highest.add(clock.offset(f"{key}/max", amplitude * 1.5, drift * 1.1), **who)
        frequency.add(clock.offset(f"{key}/frequency", 180.0, -9_000.0), **who)
    delay.add(clock.wander("delay", 6.0).__add__(520.0).at, **ptp4l)
    delay.add(clock.wander("sysdelay", 11.0).__add__(498.0).at, **phc2sys)
    return [offset, highest, frequency, delay]


def states(clock: Clock) -> list[Family]:
    node = clock.node
    state = Family("openshift_ptp_clock_state", "gauge", "0 = FREERUN, 1 = LOCKED, 2 = HOLDOVER")
    state.add(clock.state, **labels(node, "ptp4l", iface=INTERFACE))
    state.add(clock.state, **labels(node, "phc2sys", iface="CLOCK_REALTIME"))
    grade = Family(
        "openshift_ptp_clock_class",
        "gauge",
        "6 = Locked, 7 = PRC unlocked in-spec, 135 = Holdover, 248 = Default",
    )
    grade.add(clock.grade, **labels(node, "ptp4l", config=CONFIG))
    role = Family(
        "openshift_ptp_interface_role",
        "gauge",
        "0 = PASSIVE, 1 = SLAVE, 2 = MASTER, 3 = FAULTY, 5 = LISTENING",
    )
    role.add(clock.role, **labels(node, "ptp4l", iface="ens2f0"))
    role.add(4.0, **labels(node, "ptp4l", iface="ens2f1"))
    return [state, grade, role]


def settings(node: Node) -> list[Family]:
    status = Family("openshift_ptp_process_status", "gauge", "0 = DOWN, 1 = UP")
    restarts = Family(
        "openshift_ptp_process_restart_count", "counter", "Number of restarts of a process."
    )
    for process in ("ptp4l", "phc2sys"):
        status.add(1.0, config=CONFIG, **labels(node, process))
        restarts.add(1.0, config=CONFIG, **labels(node, process))
    threshold = Family("openshift_ptp_threshold", "gauge", "Thresholds of a profile.")
    for name, value in (
        ("HoldOverTimeout", HOLDOVER_SECONDS),
        ("MaxOffsetThreshold", LIMIT_NS),
        ("MinOffsetThreshold", -LIMIT_NS),
    ):
        threshold.add(value, node=node.name, profile=PROFILE, threshold=name)
    return [status, restarts, threshold]
