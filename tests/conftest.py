"""The cast: an admin, an operator of team red and a viewer of team blue; and no network."""

import socket
from collections.abc import Iterator, Sequence
from typing import Any

import hypothesis
import pytest
import redis
from django.conf import settings
from django.db import connection
from pytest_django import DjangoDbBlocker
from rest_framework.test import APIClient

from apps.accounts.models import User
from apps.clusters.models.grant import Role
from apps.observability.federation import cache
from apps.streaming import log
from apps.streaming.envelope import Event
from tests.factories import grant, make_user

# How quick a machine is says nothing about the code; continuous integration is told the same.
hypothesis.settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
if hypothesis.settings.get_current_profile_name() != "ci":
    hypothesis.settings.load_profile("any machine")

LEFT_OPEN = """
SELECT state, query, CASE WHEN state = 'idle' THEN pg_terminate_backend(pid) END
FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""
LOOPBACK = ("127.", "::1", "localhost")


@pytest.fixture(autouse=True)
def no_network_but_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and not str(address[0]).startswith(LOOPBACK):
            raise AssertionError(f"a test reached out to {address[0]}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """An idle session of a thread that ended late is ended; one that still works is an error.

    PostgreSQL would not drop the database, and whichever test was the last would stand for it.
    """
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(LEFT_OPEN)
        working = [query for state, query, _ in cursor.fetchall() if state != "idle"]
        assert working == [], "still at work in the database when all tests are over"
        # Of what is given back to a pool just before that is closed, psycopg_pool lets go open.
        connection.connection.close()


@pytest.fixture(autouse=True)
def empty_redis() -> Iterator[None]:
    """Each test begins and ends with nothing in Redis."""
    with redis.Redis.from_url(settings.EVENTS_REDIS_URL) as server:
        server.flushall()
        yield
        server.flushall()


@pytest.fixture(autouse=True)
def patient_with_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    """A loaded machine is not a Redis that is away, nor is one that was away in another test."""
    monkeypatch.setattr(cache, "BUDGET", 30.0)
    monkeypatch.setattr(cache, "PATIENCE", 30.0)
    for store in cache._stores.values():
        store._resting_until = 0.0


@pytest.fixture
def admin(db: None) -> User:
    return make_user("ada", is_staff=True, is_superuser=True)


@pytest.fixture
def operator_of_red(db: None) -> User:
    user = make_user("red-operator")
    grant(user, Role.OPERATOR, label_selector={"team": "red"})
    return user


@pytest.fixture
def viewer_of_blue(db: None) -> User:
    user = make_user("blue-viewer")
    grant(user, Role.VIEWER, label_selector={"team": "blue"})
    return user


@pytest.fixture
def api(admin: User) -> APIClient:
    """The REST API, signed in as the admin."""
    return signed_in(admin)


def signed_in(user: User) -> APIClient:
    client = APIClient()
    client.force_login(user)
    return client


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[Event]:
    """The events that leave, in order; they are still written to the log."""
    seen: list[Event] = []
    append_each = log.append_each

    def note(events: Sequence[Event]) -> list[str]:
        seen.extend(events)
        return append_each(events)

    monkeypatch.setattr(log, "append_each", note)
    return seen


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every address that a connection is begun to."""
    seen: list[str] = []
    connect = socket.socket.connect

    def note(self: socket.socket, address: Any) -> None:
        seen.append(address[0])
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", note)
    return seen
