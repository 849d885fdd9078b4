"""A query that somebody keeps, for himself or for all."""

import uuid
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models

from apps.clusters.rules import check_labels

if TYPE_CHECKING:
    from apps.accounts.models import User


class SavedQueryQuerySet(models.QuerySet["SavedQuery"]):
    def visible_to(self, user: "User") -> Self:
        """Narrow to a person's own queries, and those that others share."""
        return self.filter(models.Q(owner=user) | models.Q(shared=True))


class SavedQuery(models.Model):
    """PromQL with a name, and the clusters that it is meant for.

    The clusters are ids and no links: with the last of them deleted, the query must not be one for
    all clusters.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_queries"
    )
    name = models.CharField(max_length=100)
    description = models.TextField(max_length=1000, blank=True)
    query = models.TextField("PromQL", max_length=8192)
    unit = models.CharField(max_length=32, blank=True)
    cluster_ids = models.JSONField(
        default=list, blank=True, help_text="Ids of the clusters it is for; none: all of them."
    )
    labels = models.JSONField(
        default=dict,
        blank=True,
        validators=[check_labels],
        help_text='Labels that a cluster must carry: {"team": "red"}',
    )
    shared = models.BooleanField(default=False)
    # Counts the changes; a client says by it which version it has read.
    generation = models.PositiveBigIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = SavedQueryQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        verbose_name_plural = "saved queries"
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "name"],
                name="one_saved_query_of_a_name",
                violation_error_message="There is one of this name already.",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def entity_tag(self) -> str:
        """Name this version of the query, for If-Match."""
        return f'"{self.generation}"'
