"""The set-up says in a sentence what a machine lacks, and never shows a traceback."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from aiops import BASE_DIR
from scripts import environment, steps, tools


def put_program(folder: Path, name: str, *lines: str) -> Path:
    folder.mkdir(exist_ok=True)
    program = folder / name
    program.write_text("\n".join(["#!/bin/sh", *lines]))
    program.chmod(0o755)
    return program


def choose_python(path: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["/bin/sh", "scripts/with-python.sh", "-c", "print('chosen')"],
        cwd=BASE_DIR,
        env={"PATH": str(path)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_machine_without_python_is_told_what_to_install(tmp_path: Path) -> None:
    done = choose_python(tmp_path)
    assert done.returncode == 1
    assert "no python3 is on PATH" in done.stderr
    assert "apt install python3 python3-venv" in done.stderr


def test_an_old_python_is_named_with_its_version(tmp_path: Path) -> None:
    put_program(tmp_path, "python3", '[ "$1" = --version ] && echo Python 3.9.2', "exit 1")
    assert "this machine has Python 3.9.2" in choose_python(tmp_path).stderr


def test_a_python_without_venv_is_told_the_package(tmp_path: Path) -> None:
    put_program(tmp_path, "python3", 'case "$2" in *ensurepip*) exit 1;; esac', "exit 0")
    assert "apt install python3-venv" in choose_python(tmp_path).stderr


def test_a_missing_compiler_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = put_program(tmp_path / "bin", "python", "echo No matching distribution", "exit 1")
    monkeypatch.setattr(environment, "PYTHON", python)
    monkeypatch.setattr(environment, "_STAMPS", tmp_path / "stamps")
    monkeypatch.setattr(environment, "_is_alive", lambda: True)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(steps.SetupError, match="there is no C compiler to make one"):
        environment.make("base")


def test_a_second_run_does_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = tmp_path / "calls"
    python = put_program(tmp_path / "bin", "python", f'echo "$*" >> {calls}')
    monkeypatch.setattr(environment, "PYTHON", python)
    monkeypatch.setattr(environment, "_STAMPS", tmp_path / "stamps")
    environment.make("base")
    environment.make("base")
    installs = [line for line in calls.read_text().splitlines() if "install" in line]
    assert len(installs) == 1
    assert "--require-hashes" in installs[0]
    assert "--only-binary :all:" in installs[0]


def test_a_full_disk_is_a_sentence() -> None:
    assert "Make room" in steps.explain("write error: No space left on device")


def test_where_prometheus_cannot_be_fetched_one_sentence_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tools, "VAR", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    tools.fetch()
    assert "this is not Debian or Ubuntu" in capsys.readouterr().out
    put_program(tmp_path, "dpkg-deb", "exit 1")
    put_program(tmp_path, "apt-get", "echo E: Could not resolve deb.debian.org", "exit 100")
    tools.fetch()
    assert "E: Could not resolve deb.debian.org" in capsys.readouterr().out
    assert not (tmp_path / "tools").exists()
    assert not (tmp_path / "apt").exists()


def test_a_machine_without_apt_s_network_waits_for_it_once_a_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    calls = tmp_path / "calls"
    monkeypatch.setattr(tools, "VAR", tmp_path / "var")
    monkeypatch.setenv("PATH", str(tmp_path))
    put_program(tmp_path, "dpkg-deb", "exit 1")
    put_program(tmp_path, "apt-get", f"echo once >> {calls}", "exit 100")
    tools.fetch()
    assert "This is tried again tomorrow" in capsys.readouterr().out
    tools.fetch()
    assert calls.read_text() == "once\n"
    long_ago = time.time() - 2 * 86_400
    os.utime(tmp_path / "var" / "tools-failed", (long_ago, long_ago))
    tools.fetch()
    assert calls.read_text() == "once\nonce\n"


def test_the_alertmanager_s_template_is_lent_and_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "usr" / "alertmanager"
    monkeypatch.setattr(tools, "VAR", tmp_path / "var")
    monkeypatch.setattr(tools, "_TEMPLATES", place)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    ours = tmp_path / "var" / "tools" / place.relative_to("/")
    ours.mkdir(parents=True)
    (tmp_path / "usr").mkdir()
    with tools.lend_template():
        assert place.readlink() == ours
    assert not place.is_symlink()
    place.mkdir()
    with tools.lend_template():
        assert not place.is_symlink()
    assert place.is_dir()


def test_a_set_up_in_a_place_that_is_no_folder_is_a_sentence(tmp_path: Path) -> None:
    place = tmp_path / "file"
    place.touch()
    done = subprocess.run(
        [sys.executable, "-m", "scripts.setup", "base"],
        cwd=BASE_DIR,
        env={**os.environ, "AIOPS_VAR_DIR": str(place)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == f"Not a directory: {place}. Set AIOPS_VAR_DIR to a folder.\n"
