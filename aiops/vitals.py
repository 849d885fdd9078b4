"""Probes of the platform itself: /health touches nothing, /ready names what fails."""

import time
from collections.abc import Callable

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from redis.exceptions import RedisError

from aiops import VERSION, heartbeat

STARTED = time.monotonic()


def health(request: HttpRequest) -> JsonResponse:
    """Answer as long as the process does: a dependency's outage must not restart us."""
    uptime = round(time.monotonic() - STARTED)
    return JsonResponse({"status": "ok", "version": VERSION, "uptime_seconds": uptime})


def ready(request: HttpRequest) -> JsonResponse:
    """Answer 200 once requests can be served, else 503 with each failing part and why."""
    failing = {name: reason for name, look in PARTS.items() if (reason := look())}
    status = "unavailable" if failing else "ready"
    return JsonResponse({"status": status, "failing": failing}, status=503 if failing else 200)


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "PostgreSQL does not answer."
    return ""


def _migrations() -> str:
    try:
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return "PostgreSQL does not answer."
    return f"{len(waiting)} migrations wait: run manage.py migrate." if waiting else ""


def _redis() -> str:
    try:
        with heartbeat.connect() as server:
            server.ping()
    except RedisError:
        return "Redis does not answer."
    return ""


PARTS: dict[str, Callable[[], str]] = {
    "database": _database,
    "migrations": _migrations,
    "redis": _redis,
}
