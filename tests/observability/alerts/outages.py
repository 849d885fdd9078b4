"""PostgreSQL and Redis of a test's own, which may be stopped, or frozen where they stand."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from aiops import BASE_DIR
from aiops.embedded import addresses, answering, postgres, purge, redis_server, tenancy
from aiops.embedded.layout import Layout
from tests.contract.conftest import addresses as of_the_tests
from tests.processes import process

STOP_SIGNALS = {"postgres": postgres.STOP_SIGNAL, "redis": redis_server.STOP_SIGNAL}


class Servers:
    """Both of them, each to be had away for the length of a block."""

    def __init__(self, layout: Layout, running: ExitStack) -> None:
        self._layout, self._running = layout, running
        self._children: dict[str, subprocess.Popen[str]] = {}
        for name in STOP_SIGNALS:
            self._start(name)

    def url(self, name: str) -> str:
        return addresses.settle(self._layout).url_of(name)

    @contextmanager
    def stopped(self, name: str) -> Iterator[None]:
        """Every connection is cut and every new one refused; what was kept comes back."""
        self._children[name].send_signal(STOP_SIGNALS[name])
        self._children[name].wait(30)
        try:
            yield
        finally:
            self._start(name)

    @contextmanager
    def frozen(self, name: str) -> Iterator[None]:
        """Connections stay, and new ones are even taken; nothing ever answers."""
        family = [self._children[name].pid]
        os.kill(family[0], signal.SIGSTOP)
        # Only now, when it can have no more of them.
        family += _children_of(family[0])
        try:
            for pid in family[1:]:
                os.kill(pid, signal.SIGSTOP)
            yield
        finally:
            for pid in reversed(family):
                os.kill(pid, signal.SIGCONT)

    def fill(self) -> None:
        """Make PostgreSQL what the tests' own database is just now."""
        programs = tenancy._find_wheel() / tenancy._RELEASE / "bin"
        source = of_the_tests()["DATABASE_URL"]
        dump: list[str | Path] = [programs / "pg_dump", "--no-owner", "--no-privileges", source]
        written = subprocess.run(dump, check=True, capture_output=True).stdout
        load: list[str | Path] = [
            programs / "psql",
            "-q",
            "-v",
            "ON_ERROR_STOP=1",
            self.url("postgres"),
        ]
        subprocess.run(load, input=written, check=True, capture_output=True)

    def _start(self, name: str) -> None:
        command = [sys.executable, "-m", "aiops.embedded", name]
        env = os.environ | {"AIOPS_VAR_DIR": str(self._layout.var)}
        log = self._running.enter_context(self._layout.log(name).open("ab"))
        self._children[name] = self._running.enter_context(
            process(command, cwd=BASE_DIR, env=env, stdout=log, stderr=log)
        )
        until = time.monotonic() + answering.DEADLINE
        answering.wait_for(answering.embedded(self._layout, name), until=until)


@contextmanager
def servers_of_our_own(var: Path) -> Iterator[Servers]:
    layout = Layout.prepare(var)
    addresses.settle(layout, durable=True)
    with ExitStack() as ending:
        ending.callback(purge.purge, var)
        running = ending.enter_context(ExitStack())
        yield Servers(layout, running)


def _children_of(pid: int) -> list[int]:
    told = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(word) for word in told.split()]
