"""Probes of the platform itself: /health touches nothing, /ready names what fails."""

import threading
import time
from collections.abc import Callable

from django.db import Error as DatabaseFailure
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from redis.exceptions import RedisError

from aiops import VERSION
from apps import workers

STARTED = time.monotonic()
# Applied migrations stay applied while this code runs; looking costs the whole graph of them.
MIGRATED = threading.Event()


def health(request: HttpRequest) -> JsonResponse:
    """Answer as long as the process does: a dependency's outage must not restart us."""
    uptime = round(time.monotonic() - STARTED)
    return JsonResponse({"status": "ok", "version": VERSION, "uptime_seconds": uptime})


def ready(request: HttpRequest) -> JsonResponse:
    """Answer 200 once requests can be served, else 503 with each failing part and why."""
    failing = _database() | _redis()
    status = "unavailable" if failing else "ready"
    return JsonResponse({"status": status, "failing": failing}, status=503 if failing else 200)


def _database() -> dict[str, str]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        waiting = 0 if MIGRATED.is_set() else _count_waiting_migrations()
    except DatabaseFailure:
        return {"database": "PostgreSQL does not answer."}
    if waiting:
        return {"migrations": f"{waiting} migrations wait: run manage.py migrate."}
    MIGRATED.set()
    return {}


def _count_waiting_migrations() -> int:
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _redis() -> dict[str, str]:
    try:
        with workers.connect() as server:
            server.ping()
    except RedisError:
        return {"redis": "Redis does not answer."}
    return {}


PROBES: dict[str, Callable[[HttpRequest], JsonResponse]] = {"/health": health, "/ready": ready}


class ProbeMiddleware:
    """Answer probes before anything asks for the Host: they come by an address of no name."""

    def __init__(self, next_handler: Callable[[HttpRequest], HttpResponse]) -> None:
        self.next_handler = next_handler

    def __call__(self, request: HttpRequest) -> HttpResponse:
        probe = PROBES.get(request.path) if request.method in {"GET", "HEAD"} else None
        return probe(request) if probe else self.next_handler(request)
