"""A fleet of Prometheus servers that are faked at the wire, one for each cluster."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from apps.clusters.models import Cluster
from tests.factories import make_cluster
from tests.fakes.upstream import Answer, Upstream, prometheus, serve

UP: list[dict[str, Any]] = [
    {"metric": {"__name__": "up", "job": "node"}, "value": [1769860800, "1"]}
]


class Fleet:
    def __init__(self) -> None:
        self.stack = ExitStack()
        self.upstreams: dict[str, Upstream] = {}

    def add(self, name: str, answers: dict[str, Answer] | None = None, **fields: Any) -> Cluster:
        upstream = self.stack.enter_context(serve(prometheus(UP) if answers is None else answers))
        self.upstreams[name] = upstream
        return make_cluster(name, prometheus_url=upstream.url, **fields)

    def asked(self) -> dict[str, list[str]]:
        """Return the paths that each cluster was asked, without those that were asked nothing."""
        paths = {name: upstream.paths() for name, upstream in self.upstreams.items()}
        return {name: asked for name, asked in paths.items() if asked}


@contextmanager
def a_fleet() -> Iterator[Fleet]:
    made = Fleet()
    with made.stack:
        yield made


def said(data: Any, **more: Any) -> Answer:
    """What Prometheus says of anything that is no query."""
    return 200, {"status": "success", "data": data, **more}


def vector(*rows: tuple[dict[str, str], str]) -> dict[str, Answer]:
    return prometheus([{"metric": labels, "value": [1769860800, value]} for labels, value in rows])
