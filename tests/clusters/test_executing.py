"""Commands in pods at the wire: what they print, how they end, and what keeps them from it."""

import asyncio

import pytest

from apps.clusters.kube.exec_refusals import Obstacle
from apps.clusters.kube.executing import Container, NotRun, Ran, execute
from apps.clusters.kube.workloads import Place
from apps.http import Upstream
from apps.simulator.kube.roles import BASIC, Role, Rule, reading
from tests.clusters.commanded import DRIVER, Open, Stage, commanded_by, of, opens, stage
from tests.clusters.permitted import role_by_manifest

__all__ = ["commanded_by", "opens", "stage"]

NAMESPACE = "gpu-operator"


def may(*verbs: str, namespace: str = NAMESPACE) -> Role:
    rule = Rule(verbs, ("",), ("pods/exec",), namespace=namespace)
    return Role((*BASIC, *reading(), rule))


def obstacle(found: Ran | NotRun) -> tuple[Obstacle, str]:
    assert isinstance(found, NotRun), found
    return found.obstacle, found.reason


async def test_a_command_tells_its_output_whole_however_it_is_cut(stage: Stage) -> None:
    found = await stage.run("nvidia-smi", "-q", "-x")
    assert isinstance(found, Ran)
    assert (found.exit_code, found.stderr) == (0, b"")
    assert len(found.stdout) > 100_000
    assert found.stdout.startswith(b'<?xml version="1.0" ?>\n')
    assert found.stdout.endswith(b"\n</nvidia_smi_log>\n")


@pytest.mark.parametrize(
    ("version", "agreed"), [("v1.29.9", "v4"), ("v1.30.1", "v5"), ("v1.34.2", "v5")]
)
async def test_the_newest_protocol_that_both_know_is_spoken(
    opens: Open, version: str, agreed: str
) -> None:
    stage = await opens(version=version)
    assert isinstance(await stage.run("true"), Ran)
    assert stage.api.protocols == {f"{agreed}.channel.k8s.io": 1}


async def test_a_command_that_fails_tells_its_status_and_both_outputs(stage: Stage) -> None:
    path = "/proc/1/cgroup"
    found = await stage.run("head", "-v", "-n", "9", "--", path)
    complaint = f"head: cannot open '{path}' for reading: No such file or directory\n"
    assert found == Ran(b"", complaint.encode(), 1)


async def test_words_are_handed_over_as_they_are_and_no_shell_reads_them(stage: Stage) -> None:
    path = "/proc/$(id); rm -rf & '\"ü"
    found = await stage.run("head", "-v", "-n", "9", "--", path)
    assert isinstance(found, Ran)
    assert found.stderr.decode() == (
        f"head: cannot open '{path}' for reading: No such file or directory\n"
    )


async def test_a_container_without_the_command_says_so_by_containerd(stage: Stage) -> None:
    stage.suffer("nvidia-smi-missing")
    kind, why = obstacle(await stage.run("nvidia-smi", "-L"))
    assert kind == Obstacle.NO_COMMAND
    assert why.startswith(f"The command is not in container {stage.driver()}, or cannot be")
    assert 'exec: "nvidia-smi": executable file not found in $PATH' in why


async def test_and_by_cri_o_in_the_output_of_the_command_itself(opens: Open) -> None:
    stage = await opens("hub-frankfurt", role=may("get", namespace=""))
    where = of(stage.cluster.pods[0])
    kind, why = obstacle(await stage.run("nvidia-smi", where=where))
    assert (kind, why) == (
        Obstacle.NO_COMMAND,
        f"nvidia-smi is not in container {where}, or cannot be started (exit 255).",
    )


async def test_without_any_right_the_missing_one_is_named(opens: Open) -> None:
    stage = await opens(role=Role((*BASIC, *reading())))
    assert obstacle(await stage.run("true")) == (
        Obstacle.FORBIDDEN,
        (
            'Our token may not run commands in namespace gpu-operator (403): it lacks "get" on '
            'pods/exec. The role needs "get" and "create" on pods/exec there.'
        ),
    )


async def test_newer_servers_want_create_besides(opens: Open) -> None:
    older = await opens(role=may("get"))
    assert isinstance(await older.run("true"), Ran)
    newer = await opens(role=may("get"), version="v1.35.0")
    kind, why = obstacle(await newer.run("true"))
    assert kind == Obstacle.FORBIDDEN
    assert 'it lacks "create" on pods/exec' in why
    both = await opens(role=may("get", "create"), version="v1.35.0")
    assert isinstance(await both.run("true"), Ran)


@pytest.mark.parametrize("version", ["v1.29.0", "v1.34.2", "v1.36.0"])
async def test_the_role_of_our_manifest_is_enough_where_commands_were_wanted(
    opens: Open, version: str
) -> None:
    stage = await opens(role=role_by_manifest("KUBERNETES", NAMESPACE), version=version)
    assert isinstance(await stage.run("nvidia-smi", "-L"), Ran)
    stage = await opens(role=role_by_manifest("KUBERNETES"), version=version)
    assert obstacle(await stage.run("nvidia-smi", "-L"))[0] == Obstacle.FORBIDDEN


async def test_a_right_in_another_namespace_is_none(stage: Stage) -> None:
    where = of(stage.pod("kube-proxy"))
    kind, why = obstacle(await stage.run("true", where=where))
    assert kind == Obstacle.FORBIDDEN
    assert "in namespace kube-system (403)" in why


async def test_a_token_that_is_not_known_is_refused(stage: Stage) -> None:
    stranger = Upstream(stage.upstream.base_url, stage.upstream.ca_bundle, "another")
    found = await Stage(stage.api, stranger, stage.cluster).run("true")
    assert obstacle(found) == (
        Obstacle.UNAUTHORIZED,
        "The API server refuses our token (401), so that no command could be run.",
    )


async def test_a_pod_that_has_gone_says_so(stage: Stage) -> None:
    where = Container(Place("nvidia-driver-daemonset-gone1", NAMESPACE), DRIVER)
    kind, why = obstacle(await stage.run("true", where=where))
    assert kind == Obstacle.NO_POD
    assert why == "There is no pod gpu-operator/nvidia-driver-daemonset-gone1 (404)."


async def test_a_container_that_the_pod_does_not_have_says_so(stage: Stage) -> None:
    where = Container(stage.driver().pod, "sidecar")
    kind, why = obstacle(await stage.run("true", where=where))
    assert kind == Obstacle.NO_CONTAINER
    assert why.startswith(f"There is no container sidecar of pod {where.pod}: ")


async def test_a_command_that_hangs_costs_its_deadline_and_no_more(stage: Stage) -> None:
    stage.suffer("exec-hangs")
    began = asyncio.get_running_loop().time()
    assert obstacle(await stage.run("nvidia-smi", seconds=0.3)) == (
        Obstacle.TIMED_OUT,
        f"nvidia-smi in {stage.driver()} did not end: no answer in 0.3 s.",
    )
    assert asyncio.get_running_loop().time() - began < 3


async def test_time_that_is_over_is_not_begun(stage: Stage) -> None:
    assert obstacle(await stage.run("nvidia-smi", seconds=-1)) == (
        Obstacle.TIMED_OUT,
        "There was no time left to run nvidia-smi.",
    )


async def test_a_node_that_leaves_in_the_middle_leaves_no_half_output(stage: Stage) -> None:
    stage.suffer("exec-cut")
    kind, why = obstacle(await stage.run("nvidia-smi", "-q", "-x"))
    assert kind == Obstacle.CUT_OFF
    assert why.startswith(f"nvidia-smi in {stage.driver()} was cut off before it ended: ")


async def test_a_node_whose_kubelet_is_silent_is_named(stage: Stage) -> None:
    stage.suffer("node-notready")
    kind, why = obstacle(await stage.run("nvidia-smi", where=stage.driver(4)))
    assert kind == Obstacle.NODE_SILENT
    assert "dial tcp 10.40.1.14:10250: i/o timeout" in why


async def test_an_api_that_is_gone_is_unreachable(stage: Stage) -> None:
    await stage.api.door.shut()
    assert obstacle(await stage.run("nvidia-smi")) == (
        Obstacle.UNREACHABLE,
        f"nvidia-smi in {stage.driver()} could not be run: connection refused.",
    )


async def test_output_beyond_the_cap_is_given_up(stage: Stage) -> None:
    words = ("nvidia-smi", "-q", "-x")
    found = await execute(stage.reader(), stage.driver(), words, cap=50_000)
    assert obstacle(found) == (
        Obstacle.TOO_MUCH,
        f"nvidia-smi in {stage.driver()} was given up: it printed more than 50000 bytes.",
    )


async def test_many_commands_run_at_once_on_one_loop(stage: Stage) -> None:
    where = [stage.driver(1 + number % 4) for number in range(60)]
    found = await asyncio.gather(*(stage.run("nvidia-smi", "-L", where=one) for one in where))
    assert {one.exit_code for one in found if isinstance(one, Ran)} == {0}
    assert len({one.stdout for one in found if isinstance(one, Ran)}) == 4


async def test_a_certificate_of_another_authority_is_refused(stage: Stage) -> None:
    stranger = Upstream(stage.upstream.base_url, token="a-token")
    kind, why = obstacle(await Stage(stage.api, stranger, stage.cluster).run("true"))
    assert kind == Obstacle.UNREACHABLE
    assert "TLS certificate refused" in why
