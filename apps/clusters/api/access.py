"""How a REST door finds a cluster for a person, and what that person may do to it."""

from typing import Any, Literal, cast
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import User
from apps.clusters.contract import ClusterAnswer, PermissionName, answer, entity_tag
from apps.clusters.errors import NO_SUCH_CLUSTER, ClusterNotFound
from apps.clusters.models import Cluster
from apps.clusters.models.cluster import ClusterQuerySet
from apps.clusters.models.grant import RANK, Rights, Role, reaches
from apps.errors import PermissionRefused

PERMISSION_OF: dict[PermissionName, Role] = {
    "view": Role.VIEWER,
    "operate": Role.OPERATOR,
    "admin": Role.ADMIN,
}


# Before a path is read as an id: of any other form there is nothing.
UUID_FORM = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"

# Who may call an operation: a role on the cluster that it is about, or one over everything; or a
# cluster's Alertmanager by its token, and nobody who is signed in.
RequiredRole = Literal["SIGNED_IN", "VIEWER", "OPERATOR", "ADMIN", "ADMIN_OF_ALL", "WEBHOOK_TOKEN"]


def takes(role: RequiredRole) -> dict[str, str]:
    """What an operation takes, for the schema; every operation says so."""
    return {"x-required-role": role}


def user_of(request: Request) -> User:
    return cast(User, request.user)


def visible(request: Request) -> ClusterQuerySet:
    return Cluster.objects.visible_to(user_of(request)).with_particulars()


def find(request: Request, needed: Role = Role.VIEWER, **key: Any) -> Cluster:
    """Return one visible cluster; refuse with 404 what is hidden, with 403 what needs more."""
    cluster = visible(request).filter(**key).first()
    if cluster is None:
        raise ClusterNotFound(NO_SUCH_CLUSTER)
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


def answer_with(cluster: Cluster, request: Request, status: int = 200) -> Response:
    """One cluster, under the ETag that a later change may name."""
    headers = {"ETag": entity_tag(cluster)}
    return Response(present([cluster], request)[0], status=status, headers=headers)


def answer_anew(cluster_id: UUID, request: Request, status: int = 200) -> Response:
    """Read the cluster as it stands after a change, which may have taken it out of sight."""
    cluster = Cluster.objects.with_particulars().filter(pk=cluster_id).first()
    if cluster is None:
        raise ClusterNotFound(NO_SUCH_CLUSTER)
    return answer_with(cluster, request, status)


def _permissions(role: Role | None) -> list[PermissionName]:
    held = RANK[role] if role else 0
    return [name for name, needed in PERMISSION_OF.items() if held >= RANK[needed]]
