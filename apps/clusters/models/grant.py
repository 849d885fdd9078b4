"""Who may see and do what, and where: a role for a user or a group over some clusters."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

from django.conf import settings
from django.contrib.auth.models import Group
from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.accounts.models import User
from apps.clusters.models.cluster import Cluster, Environment
from apps.clusters.rules import MOST_NAMESPACES, check_labels, check_namespace


class Reach(models.TextChoices):
    """What a grant is about. Never a mixture: deleting a named cluster must not widen it."""

    ALL = "ALL", "All clusters, now and later"
    NAMED = "NAMED", "The clusters chosen below"
    MATCHING = "MATCHING", "Clusters with this environment and these labels"


class Role(models.TextChoices):
    VIEWER = "VIEWER", "Viewer"
    OPERATOR = "OPERATOR", "Operator"
    ADMIN = "ADMIN", "Admin"


RANK = {Role.VIEWER: 1, Role.OPERATOR: 2, Role.ADMIN: 3}


class GrantQuerySet(models.QuerySet["Grant"]):
    def held_by(self, user: User) -> Self:
        return (
            self.filter(models.Q(user=user) | models.Q(group__in=user.groups.all()))
            .distinct()
            .prefetch_related("clusters")
        )


class Grant(models.Model):
    """A role over all clusters, over named ones, or over those that match.

    With `namespaces`, what is read from within these clusters is that of these namespaces alone.

    A grant that names or describes nothing covers nothing: forgetting to narrow must not open.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True
    )
    group = models.ForeignKey(Group, on_delete=models.CASCADE, null=True, blank=True)
    role = models.CharField(max_length=16, choices=Role, default=Role.VIEWER)
    reach = models.CharField(max_length=16, choices=Reach, default=Reach.NAMED)
    clusters = models.ManyToManyField(Cluster, blank=True, related_name="grants")
    environment = models.CharField(max_length=16, choices=Environment, blank=True)
    label_selector = models.JSONField(
        default=dict,
        blank=True,
        validators=[check_labels],
        help_text='Labels that a cluster must carry: {"team": "red"}',
    )

    # Typed by the database: whatever else stood here could be taken for "all of them".
    namespaces = ArrayField(
        models.CharField(max_length=63, validators=[check_namespace]),
        default=list,
        blank=True,
        size=MOST_NAMESPACES,
        help_text="Only these namespaces, with commas between them. Empty: the whole cluster.",
    )

    objects = GrantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(namespaces=[]) | ~models.Q(role=Role.ADMIN),
                name="grant_of_an_admin_is_over_whole_clusters",
                violation_error_message="An admin changes whole clusters: choose a lower role, "
                "or leave the namespaces empty.",
            ),
            models.CheckConstraint(
                condition=~models.Q(namespaces__contains=[""]),
                name="grant_names_no_empty_namespace",
            ),
            models.CheckConstraint(
                condition=models.Q(user__isnull=False, group__isnull=True)
                | models.Q(user__isnull=True, group__isnull=False),
                name="grant_is_for_a_user_or_a_group",
                violation_error_message="Choose a user or a group, and not both.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()} for {self.user or self.group}"

    def scope(self) -> models.Q:
        """Return the clusters this grant is about, as a condition on Cluster."""
        match self.reach:
            case Reach.ALL:
                return models.Q(pk__isnull=False)
            case Reach.NAMED:
                return models.Q(pk__in=[cluster.pk for cluster in self.clusters.all()])
        conditions: dict[str, Any] = {}
        if self.environment:
            conditions["environment"] = self.environment
        if self.label_selector:
            conditions["labels__contains"] = self.label_selector
        return models.Q(**conditions) if conditions else models.Q(pk__in=[])

    def covers(self, cluster: Cluster) -> bool:
        """The same as `scope`, asked of one cluster that is already here."""
        match self.reach:
            case Reach.ALL:
                return True
            case Reach.NAMED:
                return cluster.pk in {one.pk for one in self.clusters.all()}
        return (
            bool(self.environment or self.label_selector)
            and self.environment in {"", cluster.environment}
            and self.label_selector.items() <= cluster.labels.items()
        )


@dataclass(frozen=True, slots=True)
class Rights:
    """All that one user may do, read once and then asked for any number of clusters."""

    superuser: bool
    grants: tuple[Grant, ...]

    @classmethod
    def of(cls, user: User) -> "Rights":
        grants = () if user.is_superuser else tuple(Grant.objects.held_by(user))
        return cls(user.is_superuser, grants)

    def role_on(self, cluster: Cluster) -> Role | None:
        if self.superuser:
            return Role.ADMIN
        return _highest(grant.role for grant in self.grants if grant.covers(cluster))

    def role_anywhere(self) -> Role | None:
        """The highest role held on any scope; it opens menus, never a cluster."""
        return Role.ADMIN if self.superuser else _highest(grant.role for grant in self.grants)

    def namespaces_on(self, cluster: Cluster) -> frozenset[str] | None:
        """Return the namespaces one is held to there; None where one sees the whole cluster.

        One grant over the whole cluster lifts what others narrow.
        """
        covering = [grant.namespaces for grant in self.grants if grant.covers(cluster)]
        if self.superuser or not all(covering):
            return None
        return frozenset(name for names in covering for name in names)

    def may_register(self) -> bool:
        """Bringing in a cluster takes an admin of everything: no narrower scope could hold it."""
        return self.superuser or any(
            grant.reach == Reach.ALL and grant.role == Role.ADMIN for grant in self.grants
        )


def reaches(held: Role | None, needed: Role) -> bool:
    return held is not None and RANK[held] >= RANK[needed]


def _highest(roles: Iterable[str]) -> Role | None:
    return max((Role(role) for role in roles), key=RANK.__getitem__, default=None)
