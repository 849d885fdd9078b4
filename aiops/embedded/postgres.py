"""One PostgreSQL on loopback: its data made once, its server run in the foreground."""

import hashlib
import os
import secrets
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import psycopg

from aiops.embedded import lifeline, locks, tenancy
from aiops.embedded.addresses import LOOPBACK, Address, Addresses
from aiops.embedded.errors import EmbeddedError
from aiops.embedded.layout import Layout, write_aside
from aiops.embedded.tenancy import Home

# Postgres asks for a fast shutdown: sessions are cut, data are flushed, nobody is waited for.
STOP_SIGNAL = signal.SIGINT
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def ask(url: str) -> str:
    """Return "" when a server with this very password accepts us, else why not."""
    try:
        with psycopg.connect(url, connect_timeout=3) as connection:
            connection.execute("SELECT 1")
    except psycopg.Error as error:
        return str(error) or "it gave no reason."
    return ""


def serve(layout: Layout, addresses: Addresses, *, with_parent: bool) -> NoReturn:
    """Become the server. Only an exec that fails, or an EmbeddedError, comes back."""
    home = tenancy.settle(layout)
    try:
        # After kill -9 the old sessions hold the lock until they have noticed: wait for them,
        # for two servers on one folder would destroy it.
        lock = locks.take(home.lock, within=30)
    except locks.HeldError:
        raise EmbeddedError(
            f"PostgreSQL of this installation runs already: its lock {home.lock} is held."
        ) from None
    home.clean()
    programs = tenancy.programs(home)
    _prepare_data(home, programs, addresses.postgres)
    # The lock says that no server is left, whatever process has the number in this file now.
    (home.data / "postmaster.pid").unlink(missing_ok=True)
    os.set_inheritable(lock, True)
    _become(home)
    if with_parent:
        lifeline.end_with_parent(STOP_SIGNAL)
    program = programs / "postgres"
    os.execve(program, [str(program), *_arguments(home, addresses)], _ENVIRONMENT)  # noqa: S606


def _arguments(home: Home, addresses: Addresses) -> list[str]:
    durable = "on" if addresses.durable else "off"
    given = {
        "listen_addresses": LOOPBACK,
        "port": addresses.postgres.port,
        "unix_socket_directories": "",
        "max_connections": 100,
        "fsync": durable,
        "synchronous_commit": durable,
        "full_page_writes": durable,
        "timezone": "UTC",
        "log_timezone": "UTC",
    }
    chosen = [word for name, value in given.items() for word in ("-c", f"{name}={value}")]
    return ["-D", str(home.data), *chosen]


def _become(home: Home) -> None:
    os.umask(0o077)
    os.chdir(home.folder)
    if home.account is not None:
        os.setgroups([])
        os.setgid(home.account.pw_gid)
        os.setuid(home.account.pw_uid)


def _prepare_data(home: Home, programs: Path, address: Address) -> None:
    """Make the database if there is none, and agree with it on the password."""
    agreed = home.folder / "password-digest"
    # A random word of 192 bits: its plain digest gives nothing away.
    digest = hashlib.sha256(address.password.encode()).hexdigest()
    if not home.data.exists():
        _make_data(home, programs, address)
    elif not agreed.exists() or agreed.read_text(encoding="utf-8") != digest:
        (home.data / "postmaster.pid").unlink(missing_ok=True)
        _tell(home, programs, home.data, f"ALTER ROLE aiops PASSWORD '{address.password}';\n")
    write_aside(agreed, digest).replace(agreed)


def _make_data(home: Home, programs: Path, address: Address) -> None:
    """Make it aside and rename it: a folder called data is always a whole database."""
    attempt = home.folder / "data.new"
    shutil.rmtree(attempt, ignore_errors=True)
    attempt.mkdir(mode=0o700)
    home.give(attempt)
    with _superuser_password(home) as password_file:
        command = [str(programs / "initdb"), "-D", str(attempt), "-U", "postgres"]
        command += ["--auth=scram-sha-256", f"--pwfile={password_file}", "--encoding=UTF8"]
        command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        _run(home, [*command, "--no-instructions", "--no-sync"])
    # The platform is no superuser: what gets at its connection cannot reach the machine.
    _tell(
        home,
        programs,
        attempt,
        f"CREATE ROLE aiops LOGIN CREATEDB PASSWORD '{address.password}';\n"
        "CREATE DATABASE aiops OWNER aiops;\n",
    )
    os.sync()
    attempt.rename(home.data)


@contextmanager
def _superuser_password(home: Home) -> Iterator[Path]:
    """Yield a file with a password that nobody keeps: the superuser is not used again."""
    path = home.folder / "superuser-password"
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(24))
    home.give(path)
    try:
        yield path
    finally:
        path.unlink()


def _tell(home: Home, programs: Path, data: Path, sql: str) -> None:
    """Run SQL with no server and no password: single-user mode reads it from standard input."""
    command = [str(programs / "postgres"), "--single", "-D", str(data)]
    _run(home, [*command, "-c", "exit_on_error=on", "postgres"], sql)


def _run(home: Home, command: list[str], given: str = "") -> None:
    account = home.account
    done = subprocess.run(
        command,
        input=given,
        capture_output=True,
        text=True,
        cwd=home.folder,
        env=_ENVIRONMENT,
        umask=0o077,
        user=account.pw_uid if account else None,
        group=account.pw_gid if account else None,
        extra_groups=[] if account else None,
        check=False,
    )
    if done.returncode != 0:
        why = "\n".join((done.stdout + done.stderr).splitlines()[-8:])
        raise EmbeddedError(f"The database could not be made in {home.folder}:\n{_mask(why)}")


def _mask(text: str) -> str:
    """Failed statements are quoted by PostgreSQL; the password in them is not for logs."""
    lines = [line for line in text.splitlines() if "PASSWORD" not in line]
    return "\n".join(lines) or "PostgreSQL gave no reason."
