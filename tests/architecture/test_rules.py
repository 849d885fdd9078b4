"""The rules of the house, held by a machine: sizes, names, one way out, nothing of this or that."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LONGEST_FILE, LONGEST_FUNCTION = 300, 50
NAMELESS = {"utils", "util", "helpers", "helper", "services", "service", "common", "misc"}
NAMELESS |= {"base", "core", "manager", "managers"}
# Settings are layered by convention; everybody of the field looks for the shared part there.
ALLOWED_NAMES = {Path("aiops/settings/common.py")}
GENERATED = {Path("frontend/src/live/events.ts"), Path("frontend/src/api/schema.d.ts")}


def tracked(*suffixes: str) -> list[Path]:
    """The project's own files, new ones included, ignored ones not."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    paths = [Path(name) for name in names.splitlines() if name.endswith(suffixes)]
    return [path for path in paths if (ROOT / path).exists() and path not in GENERATED]


def written_python() -> list[Path]:
    return [path for path in tracked(".py") if "migrations" not in path.parts]


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_there_is_something_to_look_at() -> None:
    assert len(written_python()) > 50
    assert tracked(".tsx")


def test_no_file_is_longer_than_it_may_be() -> None:
    files = written_python() + tracked(".ts", ".tsx")
    lengths = {path: len((ROOT / path).read_text().splitlines()) for path in files}
    limits = {path: 400 if path.parts[0] == "tests" else LONGEST_FILE for path in files}
    assert {path: length for path, length in lengths.items() if length > limits[path]} == {}


def test_no_function_is_longer_than_it_may_be() -> None:
    long = {
        f"{path}:{function.name}": length
        for path in written_python()
        for function in functions(path)
        if (length := (function.end_lineno or 0) - function.lineno + 1) > LONGEST_FUNCTION
    }
    assert long == {}


@pytest.mark.parametrize("suffixes", [(".py",), (".ts", ".tsx")])
def test_every_file_has_a_name_of_its_own(suffixes: tuple[str, ...]) -> None:
    nameless = {
        path
        for path in tracked(*suffixes)
        if {path.stem.lower(), *(part.lower() for part in path.parts[:-1])} & NAMELESS
    }
    assert nameless - ALLOWED_NAMES == set()


def test_every_module_says_what_happens_there() -> None:
    silent = {
        path
        for path in written_python()
        if (text := (ROOT / path).read_text()).strip()
        and ast.get_docstring(ast.parse(text)) is None
    }
    assert silent == set()


def test_nothing_is_left_for_later() -> None:
    marks = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|NotImplementedError")
    here = Path("tests/architecture/test_rules.py")
    found = {
        path
        for path in written_python() + tracked(".ts", ".tsx")
        if path != here and marks.search((ROOT / path).read_text())
    }
    assert found == set()


def test_a_loop_is_never_started_inside_django() -> None:
    """`asyncio.run` under a server makes a second loop; `async_to_sync` uses the server's own."""
    found = {
        path
        for path in written_python()
        if path.parts[0] in {"apps", "aiops"}
        and path.parts[:2] not in {("apps", "simulator"), ("aiops", "embedded")}
        and "asyncio.run(" in (ROOT / path).read_text()
    }
    assert found == set()


def test_the_official_kubeconfig_loader_is_nowhere() -> None:
    """It executes what a kubeconfig says."""
    loader = re.compile("load_kube_" + "config|new_client_from_" + "config")
    found = {path for path in written_python() if loader.search((ROOT / path).read_text())}
    assert found == set()


def test_behaviour_does_not_hide_in_signals() -> None:
    pattern = re.compile(r"(post_save|pre_save|post_delete|m2m_changed)\b")
    found = {
        path
        for path in written_python()
        if path.parts[0] == "apps" and pattern.search((ROOT / path).read_text())
    }
    assert found == set()


def test_the_layers_hold() -> None:
    command = [str(ROOT / ".venv/bin/lint-imports"), "--no-cache"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout


def test_decisions_are_short() -> None:
    decisions = list((ROOT / "docs/decisions").glob("[0-9][0-9][0-9][0-9]-*.md"))
    assert decisions
    assert {path.name for path in decisions if len(path.read_text().splitlines()) > 40} == set()


def test_packages_of_the_client_run_no_install_script_of_their_own() -> None:
    """One is known: msw copies its worker, which our tests in Node do not use."""
    import json

    lock = json.loads((ROOT / "frontend/package-lock.json").read_text())
    scripts = {name for name, one in lock["packages"].items() if one.get("hasInstallScript")}
    assert {name for name in scripts if "fsevents" not in name} <= {"node_modules/msw"}
