"""The processes of a local installation, and supervisord's configuration for them."""

import os
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path

from aiops import BASE_DIR
from aiops.embedded.layout import Layout
from apps import workers

MANAGE = str(BASE_DIR / "manage.py")
# What ended sooner than this after its start is started again with growing pauses, and given up
# after _TRIES of them; what ends later is counted by supervision.
_STEADY_AFTER = 1
_TRIES = 3
# The last of the application's processes has this long to finish what it does.
_PATIENCE = 6


@dataclass(frozen=True)
class Program:
    """One kept process. Servers start with supervisord, the others when all is prepared."""

    name: str
    command: tuple[str, ...]
    server: bool = False
    # A worker, which is asked for more than that its process runs.
    shows_life: bool = False
    stop_signal: str = "TERM"

    @property
    def address(self) -> str:
        """The name by which supervisord's own interface knows it."""
        return f"{self.name}:{self.name}" if self.server else f"app:{self.name}"


def choose(embedded: list[str], port: int, *, simulated: bool, parts: int) -> list[Program]:
    """Return what runs: the servers that the environment did not give, then the application."""
    servers = {
        "postgres": Program("postgres", _embedded("postgres"), server=True, stop_signal="INT"),
        "redis": Program("redis", _embedded("redis"), server=True),
    }
    celery = (sys.executable, "-m", "celery", "-A", "aiops")
    beat = ("--scheduler", "django_celery_beat.schedulers:DatabaseScheduler", "--pidfile", "")
    quiet = ("--without-gossip", "--without-mingle")
    # Two rounds of discovery, of which one runs out, and the same of tokens; indicators; one of
    # what comes by the hour; and the sign of life.
    worker = ("--queues", "collect", "--concurrency", "7")
    web = (sys.executable, "-m", "aiops.web", "-b", "127.0.0.1", "-p", str(port))
    programs = [
        *(servers[name] for name in embedded),
        Program("web", _run(*web, "aiops.asgi:application")),
        Program(workers.COLLECTING, _run(*celery, "worker", *worker, *quiet), shows_life=True),
        *(
            Program(workers.checking(n), _run(*celery, *_check(n), *quiet), shows_life=True)
            for n in range(parts)
        ),
        Program("beat", _run(*celery, "beat", *beat)),
    ]
    if simulated:
        simulator = (sys.executable, MANAGE, "simulate", "serve", "--register", "--story")
        programs.append(Program("simulator", _run(*simulator)))
    return programs


def _check(part: int) -> tuple[str, ...]:
    # Threads share the connections of their process. Of two rounds one runs out; two more hands
    # take the ticks that find a round under way.
    node = ("--hostname", f"{workers.checking(part)}@%h")
    return ("worker", "--queues", workers.queue_of(part), "--pool", "threads", *node, "-c", "4")


def _embedded(*words: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "aiops.embedded", *words, "--with-parent")


def _run(*command: str) -> tuple[str, ...]:
    """Wait for PostgreSQL and Redis, then become `command`."""
    return (*_embedded("run"), "--", *command)


def configure(programs: list[Program], layout: Layout, folder: Path) -> str:
    """Write supervisord's file. It holds no secret: those come by the environment."""
    application = [program.name for program in programs if not program.server]
    sections: list[tuple[str, dict[str, object]]] = [
        (
            "supervisord",
            {
                "nodaemon": "true",
                "silent": "true",
                "logfile": folder / "supervisord.log",
                "logfile_maxbytes": 0,
                "pidfile": folder / "supervisord.pid",
                "childlogdir": layout.logs,
                "identifier": "aiops",
                **({"user": "root"} if _is_root() else {}),
            },
        ),
        ("unix_http_server", {"file": folder / "control", "chmod": "0600"}),
        (
            "rpcinterface:supervisor",
            {
                "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface",
            },
        ),
        ("group:app", {"programs": ",".join(application), "priority": 100}),
    ]
    sections += [(f"program:{p.name}", _configure_one(p, layout)) for p in programs]
    return "\n".join(
        f"[{title}]\n" + "".join(f"{key}={_escape(value)}\n" for key, value in entries.items())
        for title, entries in sections
    )


def _configure_one(program: Program, layout: Layout) -> dict[str, object]:
    return {
        "command": shlex.join(program.command),
        "directory": BASE_DIR,
        "priority": {"postgres": 1, "redis": 2}.get(program.name, 100),
        "autostart": "true" if program.server else "false",
        "autorestart": "true",
        "startsecs": _STEADY_AFTER,
        "startretries": _TRIES,
        "stopsignal": program.stop_signal,
        "stopwaitsecs": _PATIENCE,
        "stopasgroup": "false" if program.server else "true",
        "killasgroup": "true",
        "stdout_logfile": layout.log(program.name),
        "stdout_logfile_maxbytes": "10MB",
        "stdout_logfile_backups": 3,
        "redirect_stderr": "true",
    }


def _escape(value: object) -> str:
    """supervisord expands % in every value."""
    return str(value).replace("%", "%%")


def _is_root() -> bool:
    return os.geteuid() == 0
