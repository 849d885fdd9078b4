"""The few programs that simulated containers have, and what they print."""

from dataclasses import dataclass

from apps.simulator import nvidia_smi
from apps.simulator.kube.metadata import Moment
from apps.simulator.nvidia_smi import processes
from apps.simulator.world import Node, Pod

# What the operator puts nvidia-smi into: its driver's container, and those that get it mounted.
HAVE_NVIDIA_SMI = {
    "nvidia-driver-ctr",
    "nvidia-device-plugin-daemonset",
    "nvidia-dcgm-exporter",
}
# The only one that sees the processes of the whole node.
SEES_THE_HOST = "nvidia-driver-ctr"
MISSING = "nvidia-smi-missing"


@dataclass(frozen=True, slots=True)
class Printed:
    """What a program said until it ended, and how it ended."""

    stdout: bytes = b""
    stderr: bytes = b""
    code: int = 0


@dataclass(frozen=True, slots=True)
class NotStarted:
    """What the container's runtime says of a command that it cannot start."""

    message: str


def start(words: tuple[str, ...], container: str, pod: Pod, moment: Moment) -> Printed | NotStarted:
    """Run a command to its end."""
    node = next(node for node in moment.cluster.nodes if node.name == pod.node)
    sees = container == SEES_THE_HOST
    match words:
        case ("nvidia-smi", *rest) if has_nvidia_smi(container, moment):
            said, code = nvidia_smi.answer(rest, nvidia_smi.Scene(node, moment, sees))
            return Printed(said.encode(), code=code)
        case ("head", "-v", "-n", number, "--", *paths) if number.isdecimal():
            return head(paths, node, moment, sees=sees)
        case ("true",):
            return Printed()
        case ("sleep", "infinity"):
            return Printed(code=143)
    return not_found(words[0] if words else "", moment)


def has_nvidia_smi(container: str, moment: Moment) -> bool:
    missing = moment.incidents.active(MISSING, moment.now)
    return container in HAVE_NVIDIA_SMI and missing is None


def not_found(program: str, moment: Moment) -> Printed | NotStarted:
    """Say it as the runtime does: CRI-O in the command's own output, containerd by the kubelet."""
    why = (
        f'exec failed: unable to start container process: exec: "{program}": executable file '
        "not found in $PATH"
    )
    if moment.cluster.is_openshift:
        return Printed(stderr=f"ERRO[0000] {why} \n".encode(), code=255)
    return NotStarted(
        'failed to exec in container: failed to start exec "9f1c": OCI runtime exec failed: '
        f"{why}: unknown"
    )


def head(paths: list[str], node: Node, moment: Moment, *, sees: bool) -> Printed:
    """Print files under their names, as `head -v` does; others are complained of."""
    files = processes.files(moment.cluster, node) if sees else {}
    found = [(path, files[path]) for path in paths if path in files]
    complaints = [
        f"head: cannot open '{path}' for reading: No such file or directory\n"
        for path in paths
        if path not in files
    ]
    text = "\n".join(f"==> {path} <==\n{body}" for path, body in found)
    return Printed(text.encode(), "".join(complaints).encode(), code=1 if complaints else 0)
