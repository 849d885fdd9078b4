"""`python -m aiops.embedded`: the servers in the foreground, or a command that needs them."""

import argparse
import os
import signal
import sys
import time

from aiops.embedded import (
    addresses,
    answering,
    attachment,
    keeper,
    lifeline,
    locks,
    postgres,
    redis_server,
    tenancy,
)
from aiops.embedded.errors import EmbeddedError
from aiops.embedded.layout import Layout, var_dir


def main(argv: list[str]) -> int:
    asked = _parse(argv)
    try:
        _do(asked)
    except EmbeddedError as error:
        sys.stderr.write(f"{error}\n")
        sys.stdout.write(f"{error}\n" if asked.what == "keep" else "")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _parse(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m aiops.embedded", description=__doc__)
    parser.add_argument("what", choices=["postgres", "redis", "keep", "run", "discard"])
    parser.add_argument(
        "--with-parent", action="store_true", help="end when the process that started this ends"
    )
    parser.add_argument("rest", nargs="*", help="run: the command; keep: the servers")
    return parser.parse_args(argv)


def _do(asked: argparse.Namespace) -> None:
    layout = Layout.prepare(var_dir())
    if asked.what == "run":
        _run(asked.rest, with_parent=asked.with_parent)
    elif asked.what == "keep":
        keeper.keep(layout, asked.rest)
    elif asked.what == "discard":
        _discard(layout)
    elif asked.what == "postgres":
        postgres.serve(layout, addresses.settle(layout), with_parent=asked.with_parent)
    else:
        redis_server.serve(layout, addresses.settle(layout), with_parent=asked.with_parent)


def _run(command: list[str], *, with_parent: bool) -> None:
    """Become `command` as soon as PostgreSQL and Redis answer."""
    if not command:
        raise EmbeddedError("Say what to run: python -m aiops.embedded run -- COMMAND ...")
    if with_parent:
        lifeline.end_with_parent(signal.SIGKILL)
    attachment.announce(var_dir())
    until = time.monotonic() + answering.DEADLINE
    for name in answering.VARIABLES:
        answering.wait_for(name, answering.url_of(name), until=until)
    try:
        os.execvp(command[0], command)  # noqa: S606
    except OSError as error:
        raise EmbeddedError(f"{command[0]} cannot be run: {error.strerror}.") from error


def _discard(layout: Layout) -> None:
    """Remove the database, wherever it lies; the rest of var/ is the caller's to remove."""
    if not locks.is_free(attachment.lock_of(layout, "postgres")):
        raise EmbeddedError("PostgreSQL of this installation runs. End what uses it first.")
    tenancy.discard(layout)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
