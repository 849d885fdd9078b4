"""A command finds its servers or brings its own, and none outlives the last command."""

import os
import shutil
import signal
import socket
import stat
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import redis

from aiops.embedded import addresses, answering, tenancy
from aiops.embedded.answering import Server
from aiops.embedded.attachment import attach_or_start
from aiops.embedded.errors import EmbeddedError
from aiops.embedded.layout import Layout
from tests.embedded.conftest import processes_of, start_command, wait_until

pytestmark = [
    pytest.mark.usefixtures("own_servers"),
]


def said_by(command: "subprocess.Popen[str]") -> str:
    assert command.stdout is not None
    return command.stdout.readline().strip()


def end(command: "subprocess.Popen[str]") -> None:
    command.communicate(timeout=30)


def server_pid(name: str, var: Path) -> int:
    mark = "bin/postgres -D" if name == "postgres" else "redis-server 127.0.0.1"
    return next(int(line.split()[0]) for line in processes_of(var) if mark in line)


def test_a_command_has_real_servers_for_its_own_duration(
    var: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGHOSTADDR", "192.0.2.1")  # Meant for a server of the person's own.
    monkeypatch.setenv("PGSSLMODE", "require")
    with attach_or_start(var):
        with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
            row = connection.execute(
                "SELECT current_setting('server_encoding'), current_setting('fsync'), rolsuper"
                " FROM pg_roles WHERE rolname = current_user"
            ).fetchone()
        with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
            appends = client.config_get("appendonly")
        assert row == ("UTF8", "on", False)
        assert appends == {"appendonly": "yes"}
    assert "DATABASE_URL" not in os.environ
    assert processes_of(var) == []


def test_nobody_comes_in_without_the_password(var: Path) -> None:
    with attach_or_start(var):
        database, store = urlsplit(os.environ["DATABASE_URL"]), urlsplit(os.environ["REDIS_URL"])
        for user in ("aiops", "postgres", "root"):
            with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
                psycopg.connect(f"postgresql://{user}:wrong@127.0.0.1:{database.port}/aiops")
        for wrong in ("", ":wrong@"):
            with (
                redis.Redis.from_url(f"redis://{wrong}127.0.0.1:{store.port}/0") as client,
                pytest.raises((redis.AuthenticationError, redis.ResponseError)),
            ):
                client.ping()
        asked = Server("postgres", os.environ["DATABASE_URL"].replace("aiops:", "aiops:x")).ask()
        assert "password authentication failed" in asked
        assert (
            "invalid username-password"
            in Server("redis", f"redis://:wrong@127.0.0.1:{store.port}/0").ask()
        )


def test_no_command_line_shows_a_password(var: Path) -> None:
    with attach_or_start(var):
        passwords = [urlsplit(os.environ[n]).password for n in ("DATABASE_URL", "REDIS_URL")]
        lines = "\n".join(processes_of(var))
        assert "postgres" in lines
        assert "redis-server" in lines
        assert not any(str(password) in lines for password in passwords)


def test_other_users_can_read_nothing_and_the_folders_above_keep_their_modes(var: Path) -> None:
    with attach_or_start(var):
        assert stat.S_IMODE(var.parent.stat().st_mode) == 0o700
        assert stat.S_IMODE(var.stat().st_mode) == 0o700
        home = tenancy.folder_of(Layout(var))
        assert stat.S_IMODE(home.stat().st_mode) == (0o750 if os.geteuid() == 0 else 0o700)
        assert home.stat().st_uid == os.geteuid()
        for secret in ("servers.json", "redis/redis.conf"):
            assert stat.S_IMODE((var / secret).stat().st_mode) == 0o600
        assert stat.S_IMODE((home / "data").stat().st_mode) == 0o700
        if os.geteuid() == 0:
            assert stat.S_IMODE(tenancy.STATE.stat().st_mode) == 0o711
            assert (home / "data").owner() == tenancy.ACCOUNT
            assert Path(f"/proc/{server_pid('postgres', var)}").owner() == tenancy.ACCOUNT


def test_two_commands_at_once_share_one_pair_of_servers(var: Path) -> None:
    first, second = start_command(var), start_command(var)
    assert said_by(first) == said_by(second)
    end(first)
    end(second)
    wait_until(lambda: processes_of(var) == [])


def test_servers_stay_while_another_command_uses_them(var: Path) -> None:
    starter = start_command(var)
    seen = said_by(starter)
    with attach_or_start(var):
        end(starter)
        with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
            assert client.info("server")["run_id"] in seen
    wait_until(lambda: processes_of(var) == [])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_command_that_is_killed_leaves_no_server(var: Path, number: signal.Signals) -> None:
    command = start_command(var)
    said_by(command)
    command.send_signal(number)
    end(command)
    wait_until(lambda: processes_of(var) == [])


def test_a_killed_keeper_takes_its_servers_along(var: Path) -> None:
    command = start_command(var)
    said_by(command)
    keeper = next(line for line in processes_of(var) if "aiops.embedded keep" in line)
    os.kill(int(keeper.split()[0]), signal.SIGKILL)
    wait_until(lambda: len(processes_of(var)) == 1)
    end(command)


def test_data_survive_a_kill_and_no_stale_file_blocks_the_next_start(var: Path) -> None:
    with attach_or_start(var):
        with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 'still here' AS words")
        with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
            client.set("kept", "still here")
        for name in ("postgres", "redis"):
            os.kill(server_pid(name, var), signal.SIGKILL)
    # The number of a living process of somebody else, as after a restart of the machine.
    stale = tenancy.folder_of(Layout(var)) / "data" / "postmaster.pid"
    stale.write_text(f"{os.getpid()}\n{stale.parent}\n0\n1\n\n127.0.0.1\n0 0\nready\n")
    with attach_or_start(var):
        with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
            assert connection.execute("SELECT words FROM kept").fetchone() == ("still here",)
            connection.execute("DROP TABLE kept")
        with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
            assert client.get("kept") == b"still here"


def test_a_stranger_at_a_kept_port_is_told_nothing_and_left_alone(var: Path) -> None:
    before = addresses.settle(Layout.prepare(var))
    with (
        socket.create_server((addresses.LOOPBACK, before.postgres.port)) as first,
        socket.create_server((addresses.LOOPBACK, before.redis.port)) as second,
    ):
        with attach_or_start(var):
            after = addresses.settle(Layout(var))
            assert not any(answering.named(var, name).ask() for name in answering.VARIABLES)
        for stranger in (first, second):
            stranger.setblocking(False)
            with pytest.raises(BlockingIOError):
                stranger.accept()
    assert after.postgres.port != before.postgres.port
    assert after.redis.port != before.redis.port
    assert after.postgres.password != before.postgres.password
    assert after.redis.password != before.redis.password


def test_a_command_that_comes_while_the_servers_stop_gets_its_own(var: Path) -> None:
    first = start_command(var)
    seen = said_by(first)
    store = server_pid("redis", var)
    os.kill(store, signal.SIGSTOP)
    assert first.stdin is not None
    first.stdin.close()
    first.stdin = None
    wait_until(lambda: not any("bin/postgres -D" in line for line in processes_of(var)))
    second = start_command(var)
    wait_until(lambda: is_waiting(second))
    os.kill(store, signal.SIGCONT)
    assert said_by(second) not in {"", seen}
    end(first)
    end(second)


def is_waiting(command: "subprocess.Popen[str]") -> bool:
    """Tell whether a command waits for a lock."""
    waiting = [line for line in Path("/proc/locks").read_text().splitlines() if "->" in line]
    return any(f" {command.pid} " in line for line in waiting)


def test_the_servers_of_an_interrupted_start_are_used_by_the_next_command(var: Path) -> None:
    interrupted = start_command(var)
    wait_until(lambda: any("aiops.embedded keep" in line for line in processes_of(var)))
    interrupted.kill()
    end(interrupted)
    with attach_or_start(var):
        assert not any(answering.named(var, name).ask() for name in answering.VARIABLES)
    wait_until(lambda: processes_of(var) == [])


def test_a_lost_password_is_made_anew_and_the_data_stay(var: Path) -> None:
    with attach_or_start(var), psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS owned (id int)")
    (var / "servers.json").unlink()
    with attach_or_start(var), psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT count(*) FROM owned").fetchone() == (0,)


def test_a_damaged_address_file_is_named(var: Path) -> None:
    Layout.prepare(var)
    kept = (var / "servers.json").read_bytes() if (var / "servers.json").exists() else None
    (var / "servers.json").write_text("{")
    with pytest.raises(EmbeddedError, match=r"is damaged\. Remove it"), attach_or_start(var):
        pass
    (var / "servers.json").unlink()
    if kept:
        (var / "servers.json").write_bytes(kept)


def test_given_servers_are_used_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://somewhere/else")
    monkeypatch.setenv("REDIS_URL_FILE", "/run/secrets/redis")
    with attach_or_start(tmp_path / "var"):
        assert os.environ["DATABASE_URL"] == "postgresql://somewhere/else"
        assert "REDIS_URL" not in os.environ
    assert not (tmp_path / "var").exists()


def test_why_a_server_does_not_answer_is_said_without_the_password() -> None:
    said = Server("redis", "redis://:127.0.0.1@127.0.0.1:1/0").ask()
    assert "refused" in said
    assert "127.0.0.1" not in said


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another user for PostgreSQL")
def test_root_without_useradd_is_told_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tenancy, "ACCOUNT", "aiops-nobody-has-this-name")
    monkeypatch.setattr(shutil, "which", lambda *_args, **_options: None)
    with pytest.raises(EmbeddedError, match="useradd is not on this machine"):
        tenancy.settle(Layout.prepare(tmp_path / "var"))
