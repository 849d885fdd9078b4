"""The platform in a process of its own, over the tests' database, with somebody signed in."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
import requests
from django.conf import settings
from django.db import connection

from aiops import BASE_DIR
from apps.accounts.models import ApiToken
from apps.clusters.models import Cluster
from tests.factories import make_cluster, make_user
from tests.processes import process, said_by

CLUSTER_ID = "7f1c2a54-3f0e-4a43-9a55-1d0f5c1b8a10"
CLUSTER_NAME = "hub-frankfurt"

# What the settings add for psycopg; libpq, and so pg_dump, refuses a URL that has them.
_OURS = {"pool", "prepare_threshold"}


@dataclass(frozen=True)
class Platform:
    """`url` is where it answers; the session is signed in as an admin of everything."""

    url: str
    session: requests.Session
    log: Path

    def restore(self) -> None:
        """Have the one cluster there that is known by name and id, whatever was done to it."""
        Cluster.objects.filter(name=CLUSTER_NAME).exclude(pk=CLUSTER_ID).delete()
        if not Cluster.objects.filter(pk=CLUSTER_ID, name=CLUSTER_NAME).exists():
            Cluster.objects.filter(pk=CLUSTER_ID).delete()
            make_cluster(CLUSTER_NAME, id=CLUSTER_ID, token="t0k3n", labels={"team": "red"})


@pytest.fixture(scope="module")
def server(
    django_db_setup: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Path]]:
    log = tmp_path_factory.mktemp("platform") / "log"
    with log.open("w") as lines, running(lines.fileno()) as url:
        yield url, log


@pytest.fixture
def platform(server: tuple[str, Path], transactional_db: None) -> Iterator[Platform]:
    admin = make_user("ada", is_staff=True, is_superuser=True)
    _, token = ApiToken.issue(admin, "contract")
    with requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {token}"
        yield Platform(server[0], session, server[1])


@contextmanager
def running(log: int) -> Iterator[str]:
    """Run the server until the block ends; yield where it answers."""
    command = [sys.executable, "-m", "tests.contract.guarded_server"]
    env = os.environ | addresses()
    with process(command, cwd=BASE_DIR, env=env, stdout=subprocess.PIPE, stderr=log) as server:
        yield f"http://127.0.0.1:{int(said_by(server))}"


def addresses() -> dict[str, str]:
    """Return the environment of a process that is to use this process' test database."""
    to = connection.settings_dict
    login = f"{quote(to['USER'], safe='')}:{quote(to['PASSWORD'], safe='')}"
    options = urlencode({name: to["OPTIONS"][name] for name in to["OPTIONS"].keys() - _OURS})
    place = f"{to['HOST']}:{to['PORT']}" if to["PORT"] else to["HOST"]
    return {
        "DJANGO_SETTINGS_MODULE": "aiops.settings.test",
        "DATABASE_URL": f"postgresql://{login}@{place}/{quote(to['NAME'])}?{options}",
        "REDIS_URL": settings.EVENTS_REDIS_URL,
    }
