"""`python -m aiops.embedded`: the servers in the foreground, or a command that needs them."""

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import NoReturn

from aiops.embedded import (
    addresses,
    answering,
    attachment,
    keeper,
    lifeline,
    postgres,
    redis_server,
)
from aiops.embedded.errors import EmbeddedError, explain
from aiops.embedded.layout import Layout, var_dir


def main(argv: list[str]) -> int:
    asked = _parse(argv)
    try:
        _DOORS[asked.what](asked)
    except (EmbeddedError, OSError) as error:
        sentence = explain(error) if isinstance(error, OSError) else str(error)
        if not sentence:
            raise
        sys.stderr.write(f"{sentence}\n")
        sys.stdout.write(f"{sentence}\n" if asked.what == "keep" else "")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _parse(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m aiops.embedded", description=__doc__)
    parser.add_argument("what", choices=[*_DOORS])
    parser.add_argument(
        "--with-parent", action="store_true", help="end when the process that started this ends"
    )
    parser.add_argument("names", nargs="*", help="keep: the servers to start")
    # What follows "--" is another program's, options and all.
    cut = argv.index("--") if "--" in argv else len(argv)
    asked = parser.parse_args(argv[:cut])
    asked.rest = argv[cut + 1 :]
    return asked


def _serve_postgres(asked: argparse.Namespace) -> None:
    layout = Layout.prepare(var_dir())
    postgres.serve(layout, addresses.settle(layout), with_parent=asked.with_parent)


def _serve_redis(asked: argparse.Namespace) -> None:
    layout = Layout.prepare(var_dir())
    redis_server.serve(layout, addresses.settle(layout), with_parent=asked.with_parent)


def _keep(asked: argparse.Namespace) -> None:
    keeper.keep(Layout.prepare(var_dir()), asked.names)


def _supervise(asked: argparse.Namespace) -> None:
    if asked.with_parent:
        lifeline.end_with_parent(signal.SIGTERM)
    # It stays this very process, and its children compare.
    os.environ.update(lifeline.as_parent())
    _become([sys.executable, "-m", "supervisor.supervisord", *asked.rest])


def _run(asked: argparse.Namespace) -> None:
    """Become the command as soon as PostgreSQL and Redis answer."""
    if not asked.rest:
        raise EmbeddedError("Say what to run: python -m aiops.embedded run -- COMMAND ...")
    if asked.with_parent:
        lifeline.end_with_parent(signal.SIGKILL)
    # With both URLs given, as in a container, nothing is written anywhere.
    attachment.announce(var_dir())
    until = time.monotonic() + answering.DEADLINE
    for name in answering.VARIABLES:
        answering.wait_for(answering.named(var_dir(), name), until=until)
    _become(asked.rest)


def _become(command: list[str]) -> NoReturn:
    try:
        os.execvp(command[0], command)  # noqa: S606
    except OSError as error:
        raise EmbeddedError(f"{command[0]} cannot be run: {error.strerror}.") from error


_DOORS: dict[str, Callable[[argparse.Namespace], None]] = {
    "postgres": _serve_postgres,
    "redis": _serve_redis,
    "keep": _keep,
    "run": _run,
    "supervisord": _supervise,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
