"""`manage.py` answers what a machine or a person got wrong in a sentence."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import manage
from aiops import BASE_DIR


def run(*words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=BASE_DIR,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("words", [("check",), ("collectstatic", "--no-input"), ("up",)])
def test_nonsense_in_the_environment_is_a_sentence(words: tuple[str, ...]) -> None:
    done = run(*words, DEBUG="perhaps")
    assert done.returncode == 1
    assert done.stderr == "DEBUG='perhaps' is neither yes nor no. Write 1 or 0.\n"


def test_a_var_folder_that_is_none_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    local = {"DJANGO_SETTINGS_MODULE": "aiops.settings.development"}
    done = run("check", AIOPS_VAR_DIR=str(tmp_path / "file"), **local)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.endswith("Set AIOPS_VAR_DIR to a folder.\n")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("migrate", True),
        ("simulate register", True),
        ("simulate serve --register", True),
        ("simulate fault api-down --cluster edge-tokyo", False),
        ("collectstatic --no-input", False),
        ("contract --check", False),
        ("migrate --help", False),
    ],
)
def test_servers_are_started_only_for_commands_that_ask_them(words: str, wanted: bool) -> None:
    assert manage._needs_servers(words.split()) is wanted
