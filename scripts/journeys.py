"""Runs the Playwright journeys in Debian's Chromium against a demo of their own."""

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from aiops.embedded import addresses
from scripts import client, environment
from scripts.steps import ROOT, VAR, SetupError, attempt, explain, last_line, run, say

_START_WITHIN, _TRAVEL_WITHIN = 180.0, 600.0
_SERVERS = {"DATABASE_URL", "DATABASE_URL_FILE", "REDIS_URL", "REDIS_URL_FILE"}


class LeftOutError(Exception):
    """Why the journeys cannot be made on this machine."""


def travel(env: Mapping[str, str]) -> tuple[bool, str]:
    """Return whether all journeys ended well, and what Playwright said."""
    if not list((client.FRONTEND / "e2e").glob("*.spec.ts")):
        raise LeftOutError("frontend/e2e holds no journeys")
    chromium = find_chromium()
    with _demo(env) as its_env:
        return attempt(
            ["npx", "playwright", "test", "--config", "e2e/playwright.config.ts"],
            cwd=client.FRONTEND,
            env={**its_env, "CHROMIUM": chromium},
            timeout=_TRAVEL_WITHIN,
        )


def find_chromium() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    if not shutil.which("apt-get"):
        raise LeftOutError("there is no Chromium on PATH, and apt-get is not here to install it")
    become_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if become_root and not attempt([*become_root, "true"])[0]:
        raise LeftOutError("there is no Chromium on PATH; install it: apt install chromium")
    say("Installing Debian's Chromium.")
    install = ["install", "-y", "--no-install-recommends", "chromium"]
    for words in (["update"], install):
        succeeded, said = attempt(
            [*become_root, "apt-get", "-q", *words],
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            timeout=300,
        )
        if not succeeded:
            raise LeftOutError(f"Chromium could not be installed: {last_line(said)}")
    return shutil.which("chromium") or "/usr/bin/chromium"


@contextmanager
def _demo(env: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Run a demo with data of its own, and yield the environment that reaches it."""
    var = Path(tempfile.mkdtemp(prefix="aiops-journeys-"))
    port = addresses.free_port()
    its_env = {
        **env,
        "AIOPS_VAR_DIR": str(var),
        "AIOPS_TOOLS_DIR": os.environ.get("AIOPS_TOOLS_DIR", str(VAR / "tools" / "usr" / "bin")),
        "AIOPS_ADMIN_USERNAME": "admin",
        "AIOPS_ADMIN_PASSWORD": secrets.token_urlsafe(12),
        "AIOPS_URL": f"http://localhost:{port}",
        "PORT": str(port),
    }
    its_env = {name: value for name, value in its_env.items() if name not in _SERVERS}
    said = var / "demo.out"
    try:
        collect = [str(environment.PYTHON), "manage.py", "collectstatic", "--no-input"]
        run("Collecting the static files", [*collect, "--verbosity", "0"], env=its_env)
        with said.open("wb") as out:
            demo = subprocess.Popen(
                [str(environment.PYTHON), "manage.py", "demo"],
                cwd=ROOT,
                env=its_env,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                # Ctrl-C reaches us alone: a second one would have it end without order.
                start_new_session=True,
            )
        try:
            _await_ready(demo, said)
            yield its_env
        finally:
            demo.send_signal(signal.SIGINT)
            demo.wait(timeout=60)
    finally:
        purge = [str(environment.PYTHON), "-m", "aiops.embedded.purge"]
        succeeded, why = attempt(purge, env=its_env)
        if not succeeded:
            say(f"The journeys' data in {var} could not be removed: {last_line(why)}")


def _await_ready(demo: "subprocess.Popen[bytes]", said: Path) -> None:
    deadline = time.monotonic() + _START_WITHIN
    while "AIOps NextGen is ready" not in said.read_text(errors="replace"):
        if demo.poll() is not None or time.monotonic() > deadline:
            raise SetupError(f"The demo did not start:\n{explain(said.read_text(), 40)}")
        time.sleep(0.2)
