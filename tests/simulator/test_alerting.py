"""Alerts of the simulated fleet: from the rule to the platform's webhook, by the real programs."""

import asyncio
import subprocess
import time
from collections.abc import AsyncIterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from apps.simulator import alertmanager, faults, fleet, simulation, sites, storyline
from apps.simulator.alertmanager import Webhook
from apps.simulator.doors import Door
from tests.simulator.conftest import NOW, tool
from tests.simulator.serving import EDGE, Serve, Served, alive, rest, until

TOKEN = "aiops_wh_a-token"


@pytest.fixture
def webhook(tmp_path: Path) -> Webhook:
    found = Webhook(tmp_path)
    found.put("http://127.0.0.1:8000/api/v1/alerts/webhook/1", TOKEN)
    return found


@pytest.mark.parametrize("known", [True, False])
def test_amtool_accepts_the_configuration_whether_or_not_we_are_told(
    webhook: Webhook, known: bool, tmp_path: Path
) -> None:
    file = tmp_path / "alertmanager.yml"
    file.write_text(alertmanager.configuration(webhook if known else Webhook(tmp_path / "other")))
    command: list[str | Path] = [tool("amtool", "prometheus-alertmanager"), "check-config", file]
    checked = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "2 receivers" in checked.stdout


def test_the_token_stands_in_a_file_of_its_own_and_nowhere_else(webhook: Webhook) -> None:
    assert TOKEN not in alertmanager.configuration(webhook) + repr(webhook)
    assert webhook.token.stat().st_mode & 0o077 == 0


def test_a_program_of_its_makers_is_started_as_it_is(tmp_path: Path) -> None:
    program = tmp_path / "bin" / "alertmanager"
    assert alertmanager.startable(program, tmp_path) == (program, tmp_path)


def test_the_same_seed_tells_the_same_story_of_what_fits() -> None:
    story = list(islice(storyline.chapters("aiops"), 200))
    assert story == list(islice(storyline.chapters("aiops"), 200))
    assert story != list(islice(storyline.chapters("another"), 200))
    for chapter in story:
        for cluster in chapter.clusters:
            faults.check(chapter.fault, cluster)
    assert {name for chapter in story for name in chapter.clusters} == set(sites.NAMES)
    assert any(len(chapter.clusters) > 1 for chapter in story)
    begins = [chapter.after for chapter in story]
    assert begins == sorted(begins)


def test_an_incident_of_the_story_ends_by_itself_or_when_it_is_healed(tmp_path: Path) -> None:
    path = tmp_path / "faults.json"
    faults.schedule(path, "crash-loop", EDGE, NOW, 60)
    faults.schedule(path, "crash-loop", EDGE, NOW + 30, 60)
    incidents = faults.of_cluster(faults.load(path), EDGE)
    assert [incidents.active("crash-loop", NOW + t) is None for t in (59, 61)] == [False, True]
    assert faults.heal(path, EDGE, NOW + 10) == ["crash-loop"]
    healed = faults.of_cluster(faults.load(path), EDGE)
    assert healed.active("crash-loop", NOW + 11) is None
    assert faults.heal(path, EDGE, NOW + 20) == []


async def test_a_story_is_told_from_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "faults.json"
    telling = asyncio.create_task(storyline.tell(path, "aiops"))
    await until(lambda: begun(path))
    telling.cancel()
    on = {(one.fault, one.cluster) for one in faults.load(path)}
    assert on == {("exporter-down", EDGE), ("gpu-xid", "gpu-oregon")}


async def begun(path: Path) -> bool:
    return len(faults.load(path)) >= 2


def test_without_alertmanager_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    prepared = fleet.prepare(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("AIOPS_TOOLS_DIR", str(tmp_path))
    (tmp_path / "prometheus").touch(mode=0o755)
    assert simulation.programs_of(prepared).alertmanager is None
    assert "apt-get install prometheus-alertmanager" in caplog.text
    assert {member.alertmanager_url for member in fleet.members(tmp_path)} == {None}


class Recorder:
    """Takes what an Alertmanager posts, as the platform would."""

    def __init__(self) -> None:
        self.posts: list[tuple[str | None, dict[str, Any]]] = []
        self.door = Door(self.answer)

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        self.posts.append((request.headers.get("Authorization"), await request.json()))
        return web.Response()

    async def heard(self, status: str, **labels: str) -> bool:
        alerts = [alert for _, body in self.posts for alert in body["alerts"]]
        return any(
            alert["status"] == status and labels.items() <= alert["labels"].items()
            for alert in alerts
        )


@pytest.fixture
async def recorder() -> AsyncIterator[Recorder]:
    found = Recorder()
    await found.door.open()
    yield found
    await found.door.shut()


@pytest.fixture
async def told(
    serve: Serve, prometheus_home: Path, alertmanager_program: Path, recorder: Recorder
) -> Served:
    """A fleet whose edge tells its alerts to the recorder, and has no history to wait for."""
    rest(prometheus_home, "hub-frankfurt", "gpu-oregon", EDGE)
    fleet.prepare(prometheus_home)
    url = f"http://127.0.0.1:{recorder.door.port}/{EDGE}"
    Webhook(fleet.folder_of(prometheus_home) / EDGE).put(url, TOKEN)
    served = await serve({})
    await until(lambda: served.value(EDGE, "vector(1)"), 60)
    return served


@pytest.mark.slow
async def test_an_incident_is_told_when_it_begins_and_when_it_is_over(
    told: Served, recorder: Recorder
) -> None:
    path = fleet.faults_file(told.var_dir)
    faults.switch_on(path, "exporter-down", EDGE, time.time())
    down = {"alertname": "TargetDown", "job": "node-exporter", "severity": "warning"}
    await until(lambda: recorder.heard("firing", **down), 90)
    faults.heal(path, EDGE, time.time())
    await until(lambda: recorder.heard("resolved", **down), 90)
    await until(lambda: recorder.heard("firing", alertname="Watchdog", severity="none"), 90)
    assert {authorization for authorization, _ in recorder.posts} == {f"Bearer {TOKEN}"}
    assert {body["receiver"] for _, body in recorder.posts} == {"aiops-nextgen"}


@pytest.mark.slow
async def test_alertmanager_is_asked_through_the_ingress_and_ends_with_the_fleet(
    told: Served,
) -> None:
    hub = told.member("hub-frankfurt")
    await until(lambda: status(told, hub.name, hub.prometheus_token, 200), 60)
    assert await status(told, hub.name, "another", 401)
    faults.switch_on(fleet.faults_file(told.var_dir), "alertmanager-down", hub.name, time.time())
    await until(lambda: status(told, hub.name, hub.prometheus_token, 503))
    children = [
        int((fleet.folder_of(told.var_dir) / name / "alertmanager.pid").read_text())
        for name in sites.NAMES
    ]
    told.process.terminate()
    assert await asyncio.wait_for(told.process.wait(), 10) == 0
    assert not any(alive(pid) for pid in children)


async def status(served: Served, name: str, token: str | None, wanted: int) -> bool:
    url = f"{served.member(name).alertmanager_url}/api/v2/status"
    headers = {"Authorization": f"Bearer {token}"}
    async with served.session.get(url, headers=headers, ssl=False) as answer:
        return answer.status == wanted
