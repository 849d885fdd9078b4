"""How a REST door finds a cluster for a person, and what that person may do to it."""

from typing import Any, cast
from uuid import UUID

from rest_framework.request import Request

from apps.accounts.models import User
from apps.clusters.contract import ClusterAnswer, PermissionName, answer
from apps.clusters.errors import ClusterNotFound
from apps.clusters.models import Cluster
from apps.clusters.models.cluster import ClusterQuerySet
from apps.clusters.models.grant import RANK, Rights, Role, reaches
from apps.errors import PermissionRefused

PERMISSION_OF: dict[PermissionName, Role] = {
    "view": Role.VIEWER,
    "operate": Role.OPERATOR,
    "admin": Role.ADMIN,
}


def user_of(request: Request) -> User:
    return cast(User, request.user)


def visible(request: Request) -> ClusterQuerySet:
    return Cluster.objects.visible_to(user_of(request)).select_related("schedule")


def find(request: Request, needed: Role = Role.VIEWER, **key: Any) -> Cluster:
    """Return one visible cluster; refuse with 404 what is hidden, with 403 what needs more."""
    cluster = visible(request).filter(**key).first()
    if cluster is None:
        raise ClusterNotFound("There is no such cluster, or none that you may see.")
    if needed != Role.VIEWER and not reaches(Rights.of(user_of(request)).role_on(cluster), needed):
        raise PermissionRefused(
            f"This takes the role {needed.lower()} on {cluster.name}. Ask an administrator "
            "for a grant."
        )
    return cluster


def require_admin_of_all(request: Request) -> None:
    if not Rights.of(user_of(request)).may_register():
        raise PermissionRefused("This takes the role admin on all clusters.")


def present(clusters: list[Cluster], request: Request) -> list[ClusterAnswer]:
    rights = Rights.of(user_of(request))
    return [answer(cluster, _permissions(rights.role_on(cluster))) for cluster in clusters]


def present_one(cluster_id: UUID, request: Request) -> ClusterAnswer:
    """Read the cluster anew, as it stands after a change, and present it."""
    cluster = Cluster.objects.select_related("schedule").get(pk=cluster_id)
    return present([cluster], request)[0]


def _permissions(role: Role | None) -> list[PermissionName]:
    held = RANK[role] if role else 0
    return [name for name, needed in PERMISSION_OF.items() if held >= RANK[needed]]
