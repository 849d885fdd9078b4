#!/usr/bin/env python3
"""Django's commands, with PostgreSQL and Redis at hand: those that run, or some of their own."""

import os
import sys
from contextlib import AbstractContextManager, nullcontext

from django.core.exceptions import ImproperlyConfigured

from aiops.embedded.attachment import announce, attach_or_start
from aiops.embedded.errors import EmbeddedError, explain
from aiops.embedded.layout import Layout, var_dir

_LOCAL = "aiops.settings.development"
_WITHOUT_SERVERS = {
    "collectstatic",
    "contract",
    "demo",
    "help",
    "spectacular",
    "up",
    "version",
}


def main(argv: list[str]) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", _LOCAL)
    try:
        if os.environ["DJANGO_SETTINGS_MODULE"] == _LOCAL:
            Layout.prepare(var_dir())  # The settings keep their secrets there.
        with _servers_for(argv):
            from django.core.management import execute_from_command_line

            execute_from_command_line(argv)
    except (EmbeddedError, ImproperlyConfigured) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except OSError as error:
        if not (sentence := explain(error)):
            raise
        sys.stderr.write(f"{sentence}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _servers_for(argv: list[str]) -> AbstractContextManager[None]:
    if _needs_servers(argv[1:]):
        return attach_or_start(var_dir())
    # The settings want to know where the servers will be, though nothing asks them now.
    announce(var_dir())
    return nullcontext()


def _needs_servers(words: list[str]) -> bool:
    if not words or {"-h", "--help", "--version"} & set(words):
        return False
    if words[0] == "simulate":
        return words[1:2] == ["register"] or "--register" in words
    return words[0] not in _WITHOUT_SERVERS


if __name__ == "__main__":
    sys.exit(main(sys.argv))
