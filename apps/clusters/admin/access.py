"""What the person in the admin may do: Django's permissions open the pages, grants the clusters."""

from typing import cast

from django.http import HttpRequest

from apps.accounts.models import User
from apps.clusters.models import Cluster
from apps.clusters.models.grant import Rights, Role, reaches


def rights_of(request: HttpRequest) -> Rights:
    """Return what the signed-in person may do, read once for each request."""
    rights: Rights | None = getattr(request, "_rights", None)
    if rights is None:
        rights = Rights.of(cast(User, request.user))
        request._rights = rights  # type: ignore[attr-defined]  # noqa: SLF001
    return rights


def may(request: HttpRequest, needed: Role, cluster: Cluster | None) -> bool:
    """Whether the person holds a role on this cluster, or, asked of none, on any."""
    rights = rights_of(request)
    return reaches(rights.role_on(cluster) if cluster else rights.role_anywhere(), needed)
