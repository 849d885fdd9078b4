"""Every operation of the REST API as the schema describes it; a new one is here by itself."""

import json
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urlencode

from drf_spectacular.generators import SchemaGenerator
from rest_framework.test import APIClient

# The ids and the name in the examples of the schema, for which real ones are put in.
EXAMPLE_ID = "7f1c2a54-3f0e-4a43-9a55-1d0f5c1b8a10"
OTHER_EXAMPLE_ID = "0b9d5a86-2f7c-4c0e-8c5e-6f0b7a3d2e41"
EXAMPLE_INDICATOR = "cpu-percent"
EXAMPLE_NODE = "gpu-1"
EXAMPLE_URL = "https://api.hub.example.net:6443"
# What is asked for wherever it can be: of a source that is needed, and whether it is there or not.
ASKED = {"match": "up", "ask_offline": "true"}
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Target:
    """The cluster that a request is about, there or not."""

    id: str
    name: str


@dataclass(frozen=True)
class Operation:
    method: str
    path: str
    role: str
    takes_body: bool
    bodies: tuple[str, ...] = field(repr=False)
    query: str = ""

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def is_about_a_cluster(self) -> bool:
        of_it = self.path.startswith("/api/v1/clusters/") and "{" in self.path
        return of_it or "/{cluster_id}/" in self.path

    @property
    def names_clusters_in_its_body(self) -> bool:
        return any(EXAMPLE_ID in body for body in self.bodies)

    def call(self, api: APIClient, target: Target, body: str | None = None) -> Any:
        path = self.path.replace("{id}", target.id).replace("{name}", target.name)
        path = path.replace("{cluster_id}", target.id)
        path = path.replace("{indicator}", EXAMPLE_INDICATOR).replace("{label}", "job")
        path = path.replace("{node_name}", EXAMPLE_NODE)
        # An alert is found by its id as well.
        path = path.replace("{fingerprint}", target.id)
        text = next(iter(self.bodies), "") if body is None else body
        text = text.replace(EXAMPLE_ID, target.id).replace(OTHER_EXAMPLE_ID, target.id)
        url = f"{path}?{self.query}" if self.query else path
        return api.generic(self.method, url, text, content_type="application/json")


@cache
def operations() -> tuple[Operation, ...]:
    schema = SchemaGenerator().get_schema(public=True)  # type: ignore[no-untyped-call]
    return tuple(
        _read(method.upper(), path, described)
        for path, methods in schema["paths"].items()
        for method, described in methods.items()
    )


def _read(method: str, path: str, described: dict[str, Any]) -> Operation:
    content = described.get("requestBody", {}).get("content", {}).get("application/json", {})
    bodies = tuple(json.dumps(one["value"]) for one in content.get("examples", {}).values())
    role = described.get("x-required-role", "")
    known = {one["name"] for one in described.get("parameters", []) if one["in"] == "query"}
    query = urlencode({name: value for name, value in ASKED.items() if name in known})
    return Operation(method, path, role, "requestBody" in described, bodies, query)
