"""From a process's number to its pod, in every spelling that kernels and runtimes have for it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.observability.sources.nvidia_smi import cgroups
from apps.observability.sources.nvidia_smi.cgroups import Contained

UID = "6b1c3f0a-94d2-4a58-8f0e-2f6b1d7c9e43"
OTHER = "0d6f2c9e-1b7a-4c3d-9e8f-5a4b3c2d1e0f"
SYSTEMD, SYSTEMD_OTHER = UID.replace("-", "_"), OTHER.replace("-", "_")
HASH = "5f2b8c1d9e7a4f30b6c8d2e1a0f9b7c3"
ID, INNER = "ab" * 32, "cd" * 32
POD = (Contained(UID, ID),)

# What stands in /proc/PID/cgroup, by where it was made, and the pods that it leads through.
FILES = {
    "v2, containerd, systemd": (
        (
            f"0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{SYSTEMD}.slice"
            f"/cri-containerd-{ID}.scope"
        ),
        POD,
    ),
    "v2, containerd, systemd, guaranteed": (
        f"0::/kubepods.slice/kubepods-pod{SYSTEMD}.slice/cri-containerd-{ID}.scope",
        POD,
    ),
    "v2, CRI-O with crun, which has a level of its own": (
        (
            f"0::/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod{SYSTEMD}.slice"
            f"/crio-{ID}.scope/container"
        ),
        POD,
    ),
    "v2, the kubelet's own driver": (f"0::/kubepods/burstable/pod{UID}/{ID}", POD),
    "v2, the kubelet's own driver, guaranteed": (f"0::/kubepods/pod{UID}/{ID}", POD),
    "v2, seen from the cgroup namespace of another pod": (
        f"0::/../../kubepods-burstable-pod{SYSTEMD}.slice/cri-containerd-{ID}.scope",
        POD,
    ),
    "v2, systemd in the container": (
        f"0::/kubepods.slice/kubepods-pod{SYSTEMD}.slice/crio-{ID}.scope/system.slice/a.service",
        POD,
    ),
    "v2, docker": (f"0::/kubepods.slice/kubepods-pod{SYSTEMD}.slice/docker-{ID}.scope", POD),
    "v2, a kubelet in a container": (
        (
            f"0::/docker/{INNER}/kubelet.slice/kubelet-kubepods.slice"
            f"/kubelet-kubepods-pod{SYSTEMD}.slice/cri-containerd-{ID}.scope"
        ),
        POD,
    ),
    "v2, a pod in a pod of another cluster": (
        (
            f"0::/kubepods.slice/kubepods-pod{SYSTEMD}.slice/cri-containerd-{ID}.scope/kubelet.slice"
            f"/kubelet-kubepods.slice/kubelet-kubepods-pod{SYSTEMD_OTHER}.slice"
            f"/cri-containerd-{INNER}.scope"
        ),
        (Contained(UID, ID), Contained(OTHER, INNER)),
    ),
    "v2, a static pod": (
        (
            f"0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{HASH}.slice"
            f"/crio-{ID}.scope"
        ),
        (Contained(HASH, ID),),
    ),
    "v1, the kubelet's own driver": (
        (
            f"12:memory:/kubepods/besteffort/pod{UID}/{ID}\n"
            f"11:cpu,cpuacct:/kubepods/besteffort/pod{UID}/{ID}\n"
            f"1:name=systemd:/kubepods/besteffort/pod{UID}/{ID}"
        ),
        POD,
    ),
    "v1 and v2, of which the second is not used": (
        (
            f"2:devices:/kubepods.slice/kubepods-pod{SYSTEMD}.slice/crio-{ID}.scope\n"
            f"1:name=systemd:/kubepods.slice/kubepods-pod{SYSTEMD}.slice/crio-{ID}.scope\n"
            "0::/"
        ),
        POD,
    ),
    "v1, containerd that disagrees with the kubelet on the driver": (
        (
            f"4:memory:/system.slice/containerd.service/kubepods-burstable-pod{SYSTEMD}.slice"
            f":cri-containerd:{ID}"
        ),
        POD,
    ),
    "a pod's own level": (f"0::/kubepods/pod{UID}", (Contained(UID),)),
    "CRI-O's watcher": (
        f"0::/kubepods.slice/kubepods-pod{SYSTEMD}.slice/crio-conmon-{ID}.scope",
        (Contained(UID),),
    ),
    "a process of the host": ("0::/system.slice/nvidia-persistenced.service", ()),
    "a session of somebody": ("0::/user.slice/user-0.slice/session-3.scope", ()),
    "docker without Kubernetes": (f"0::/docker/{ID}", ()),
    "a name that only looks like one": (f"0::/mypod{UID}/tripod{UID}/{ID}", ()),
    "a UID that is cut": (f"0::/kubepods/burstable/pod{UID[:-1]}/{ID}", ()),
    "two pods at once": (
        f"2:devices:/kubepods/pod{UID}/{ID}\n1:name=systemd:/kubepods/pod{OTHER}/{ID}",
        (),
    ),
    "no lines": ("", ()),
    "a line that is none": (f"0::/kubepods/pod{UID}/{ID}\nkubepods", ()),
}


def printed(*files: tuple[int, str]) -> str:
    return "\n".join(f"==> /proc/{pid}/cgroup <==\n{text}\n" for pid, text in files)


@pytest.mark.parametrize("name", FILES)
def test_each_spelling_leads_to_its_pod(name: str) -> None:
    text, chain = FILES[name]
    assert cgroups.read(printed((4711, text)), [4711]) == ({4711: chain} if chain else {})


def test_files_of_many_processes_keep_their_names() -> None:
    first, second = f"0::/kubepods/pod{UID}/{ID}", f"0::/kubepods/pod{OTHER}/{INNER}"
    text = printed((10, first), (12, second), (13, "0::/init.scope"))
    found = {10: (Contained(UID, ID),), 12: (Contained(OTHER, INNER),)}
    assert cgroups.read(text, [10, 11, 12, 13]) == found
    assert cgroups.read(text.encode(), [10, 11, 12, 13]) == found


def test_what_was_not_asked_or_comes_twice_is_left_out() -> None:
    line = f"0::/kubepods/pod{UID}/{ID}"
    assert cgroups.read(printed((10, line), (11, line)), [11]) == {11: POD}
    assert cgroups.read(printed((10, line), (10, line)), [10]) == {}


def test_more_than_such_files_can_hold_is_not_read() -> None:
    line = f"0::/kubepods/pod{UID}/{ID}"
    assert cgroups.read(printed((10, line)) + "\n" * cgroups.CAP, [10]) == {}


def test_of_pods_in_pods_the_one_of_this_cluster_counts() -> None:
    _, chain = FILES["v2, a pod in a pod of another cluster"]
    assert cgroups.of_this_cluster(chain, {UID: 1, OTHER: 2}) == Contained(UID, ID)
    assert cgroups.of_this_cluster(chain, {OTHER: 2}) == Contained(OTHER, INNER)
    assert cgroups.of_this_cluster(chain, {}) is None


# Without the file that names two: damage to one of its lines leaves a file that names the other.
TEXTS = [text for name, (text, _) in FILES.items() if name != "two pods at once"]
SOME = printed(*((10 + number, text) for number, text in enumerate(TEXTS)))
KNOWN = {UID, OTHER, HASH}


@given(st.data())
def test_damage_costs_a_process_its_pod_and_gives_it_no_others(data: st.DataObject) -> None:
    """Of the pods that there are, each process is in its own or in none."""
    text = bytearray(SOME.encode())
    for _ in range(data.draw(st.integers(1, 6))):
        text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.integers(0, 255))
    whole = cgroups.read(SOME, range(10, 99))
    for pid, chain in cgroups.read(bytes(text), range(10, 99)).items():
        told = {one.pod_uid for one in chain} & KNOWN
        assert told <= {one.pod_uid for one in whole.get(pid, ())}


@given(st.binary(max_size=400))
def test_any_bytes_are_read_without_a_crash(noise: bytes) -> None:
    assert cgroups.read(noise, range(100)) == {}
    header = b"==> /proc/7/cgroup <==\n"
    assert cgroups.read(header + noise, [7]) == {}
