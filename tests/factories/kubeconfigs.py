"""Kubeconfigs for tests: whole ones, and the same with anything changed."""

import base64
import json
from typing import Any

from tests.factories.certificates import Authority

AUTHORITY = Authority()
OTHER = Authority("other-ca")
READER = AUTHORITY.sign("reader", client=True)
Part = dict[str, Any]


def in_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def cluster_of(number: int = 1, **change: Any) -> Part:
    return {
        "server": f"https://api.c{number}.example.net:6443",
        "certificate-authority-data": in_base64(AUTHORITY.bundle),
    } | change


def document(**contexts: tuple[Part, Part]) -> Part:
    """Return a kubeconfig with one context, cluster and user for each name."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": f"{name}-c", "cluster": one} for name, (one, _) in contexts.items()],
        "users": [{"name": f"{name}-u", "user": one} for name, (_, one) in contexts.items()],
        "contexts": [
            {"name": name, "context": {"cluster": f"{name}-c", "user": f"{name}-u"}}
            for name in contexts
        ],
        "current-context": next(iter(contexts), ""),
        "preferences": {},
    }


def kubeconfig(**contexts: tuple[Part, Part]) -> str:
    # JSON is YAML, and without a line of its own for every brace it is easier to break.
    return json.dumps(document(**contexts), indent=1)


def one(cluster: Part | None = None, user: Part | None = None) -> str:
    """Return a kubeconfig of one context `prod`."""
    return kubeconfig(prod=(cluster or cluster_of(), user or {"token": "t0k3n"}))
