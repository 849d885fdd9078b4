"""Objects for tests, made by the same actions as in life."""

from typing import Any

from django.contrib.auth.models import Group

from apps.accounts.models import User
from apps.clusters.actions import registration
from apps.clusters.actions.credentials import NewCredential
from apps.clusters.models import Cluster, Grant
from apps.clusters.models.grant import Reach, Role
from apps.clusters.vault.secrets import Secrets

PASSWORD = "correct horse battery staple"


def make_user(username: str, **fields: Any) -> User:
    return User.objects.create_user(username, password=PASSWORD, **fields)


def make_cluster(name: str, *, token: str = "", **fields: Any) -> Cluster:
    fields.setdefault("api_server_url", "https://127.0.0.1:1")
    credential = NewCredential(Secrets(token=token, prometheus_token=token)) if token else None
    return registration.register({"name": name, **fields}, credential)


def grant(holder: User | Group, role: Role, *clusters: Cluster, **scope: Any) -> Grant:
    """Grant `role` over named clusters, `everywhere`, or where environment and labels match.

    With `namespaces`, within these clusters only over those.
    """
    who = {"user": holder} if isinstance(holder, User) else {"group": holder}
    everywhere = scope.pop("everywhere", False)
    namespaces = scope.pop("namespaces", [])
    reach = Reach.ALL if everywhere else Reach.MATCHING if scope else Reach.NAMED
    made = Grant.objects.create(role=role, reach=reach, namespaces=namespaces, **who, **scope)
    made.clusters.set(clusters)
    return made
