"""The prepared fleet: chosen once, kept private, and repaired where a port was taken."""

import json
import socket
import stat
from pathlib import Path

import pytest

from apps.clusters import expiry
from apps.clusters.kube import kubeconfig
from apps.clusters.kube.kubeconfig import Access
from apps.simulator import fleet, tokens


def test_preparing_twice_changes_nothing(tmp_path: Path) -> None:
    first = fleet.prepare(tmp_path)
    authority = first.certificates("edge-tokyo").ca_bundle()
    assert fleet.prepare(tmp_path) == first
    assert first.certificates("edge-tokyo").ca_bundle() == authority


def test_secrets_are_readable_by_the_owner_alone(tmp_path: Path) -> None:
    folder = fleet.prepare(tmp_path).folder
    for file in (
        folder / "fleet.json",
        folder / "gpu-oregon/ca.key",
        folder / "gpu-oregon/server.pem",
    ):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_taken_port_is_chosen_anew_and_saved(tmp_path: Path) -> None:
    before = fleet.prepare(tmp_path).settings["gpu-oregon"].ports
    with socket.socket() as other:
        other.bind(("127.0.0.1", before.api))
        other.listen()
        after = fleet.prepare(tmp_path).settings["gpu-oregon"].ports
    assert after.api != before.api
    assert after.ingress == before.ingress
    assert fleet.load(tmp_path).settings["gpu-oregon"].ports == after


def test_a_fleet_of_before_there_were_alertmanagers_gets_ports_for_them(tmp_path: Path) -> None:
    before = fleet.prepare(tmp_path)
    file = before.folder / "fleet.json"
    known = json.loads(file.read_text())
    for entry in known["clusters"].values():
        del entry["ports"]["alertmanager"], entry["ports"]["alertmanager_ingress"]
    file.write_text(json.dumps(known))
    after = fleet.prepare(tmp_path).settings["gpu-oregon"].ports
    assert after.ingress == before.settings["gpu-oregon"].ports.ingress
    assert 0 not in after.all()


def test_the_ports_of_a_served_fleet_are_left_alone(tmp_path: Path) -> None:
    before = fleet.prepare(tmp_path).settings["gpu-oregon"].ports
    with fleet.serving(tmp_path), socket.socket() as ours:
        ours.bind(("127.0.0.1", before.api))
        ours.listen()
        assert fleet.prepare(tmp_path).settings["gpu-oregon"].ports == before


def test_two_processes_never_serve_one_fleet(tmp_path: Path) -> None:
    with (
        fleet.serving(tmp_path),
        pytest.raises(fleet.AlreadyServedError),
        fleet.serving(tmp_path),
    ):
        pass


def test_without_preparation_the_members_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(fleet.NotPreparedError, match="simulate prepare"):
        fleet.members(tmp_path)


def test_members_have_a_prometheus_only_where_one_can_be_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet.prepare(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("AIOPS_TOOLS_DIR", str(tmp_path / "tools"))
    assert [member.prometheus_url for member in fleet.members(tmp_path)] == [None, None, None]
    program = tmp_path / "tools" / "prometheus"
    program.parent.mkdir()
    program.touch(mode=0o755)
    urls = {member.name: member.prometheus_url or "" for member in fleet.members(tmp_path)}
    assert {name: url.split(":")[0] for name, url in urls.items()} == {
        "hub-frankfurt": "https",
        "gpu-oregon": "http",
        "edge-tokyo": "http",
    }


def test_no_token_is_in_what_gets_printed(tmp_path: Path) -> None:
    prepared = fleet.prepare(tmp_path)
    entries = json.loads((prepared.folder / "fleet.json").read_text())["clusters"]
    shown = repr(prepared) + repr(fleet.members(tmp_path))
    for entry in entries.values():
        assert entry["token"] not in shown
        assert entry["prometheus_token"] not in shown


def test_its_kubeconfig_can_be_imported(tmp_path: Path) -> None:
    fleet.prepare(tmp_path)
    members = fleet.members(tmp_path)
    found = kubeconfig.read(fleet.kubeconfig(members))
    assert [one.context for one in found] == [member.name for member in members]
    for one, member in zip(found, members, strict=True):
        assert isinstance(one, Access)
        assert (one.server, one.token) == (member.api_server_url, member.token)


def test_a_minted_token_is_good_until_it_ends_and_says_when() -> None:
    token = tokens.mint("key", now=1000.0, seconds=3600)
    assert tokens.is_good("key", token, 4599)
    assert not tokens.is_good("key", token, 4600)
    assert not tokens.is_good("another key", token, 1001)
    for damaged in ("", "a.b", token[:-1], f"x{token}", token.replace(".", "..", 1)):
        assert not tokens.is_good("key", damaged, 1001)
    found = expiry.earliest({"token": token}, None)
    assert found is not None
    assert found.at.timestamp() == 4600
