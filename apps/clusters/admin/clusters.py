"""Clusters in the admin: registered, changed and retired by the same actions as over REST."""

from collections.abc import Iterable
from typing import Any, cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from apps.accounts.models import User
from apps.clusters.actions import registration
from apps.clusters.admin.abilities import list_abilities
from apps.clusters.admin.access import may, rights_of
from apps.clusters.admin.cluster_form import (
    ADDRESSES,
    FIELDS,
    SECRETS,
    ClusterForm,
    RegistrationForm,
)
from apps.clusters.admin.columns import ClusterColumns
from apps.clusters.admin.credentials import CredentialPage
from apps.clusters.admin.glance import ClusterGlance
from apps.clusters.admin.importing import KubeconfigImport
from apps.clusters.admin.list_actions import ClusterActions
from apps.clusters.admin.refusals import PlainRefusals
from apps.clusters.models import Cluster
from apps.clusters.models.grant import Role
from apps.clusters.tasks import check_soon

DESCRIPTION = (
    ("name", "display_name"),
    "api_server_url",
    ("cluster_type", "platform", "platform_version"),
    ("environment", "region"),
    "labels",
    "enabled",
)


@admin.register(Cluster)
class ClusterAdmin(
    PlainRefusals[Cluster],
    ClusterColumns,
    ClusterActions,
    ClusterGlance,
    CredentialPage,
    KubeconfigImport,
):
    form = ClusterForm
    readonly_fields = ("abilities", "discovered", "created_at", "updated_at")
    add_fieldsets = (
        (None, {"fields": DESCRIPTION}),
        ("Endpoints", {"fields": ADDRESSES}),
        (
            "Credentials",
            {
                "fields": (*SECRETS, "ca_bundle"),
                "description": "Or a kubeconfig, or an identity provider: those go in on the "
                "cluster's own page of credentials, once it is registered.",
            },
        ),
    )
    fieldsets = (
        (None, {"fields": DESCRIPTION}),
        ("Endpoints", {"fields": ADDRESSES}),
        ("What is there", {"fields": ("discovered", "abilities")}),
        (None, {"fields": (("created_at", "updated_at"),)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Cluster]:
        return Cluster.objects.visible_to(cast(User, request.user)).with_particulars()

    def get_fieldsets(self, request: HttpRequest, obj: Cluster | None = None) -> Any:
        if obj is None:
            return self.add_fieldsets
        if not self.has_change_permission(request, obj):
            return self.fieldsets
        return (*self.fieldsets, (None, {"fields": ("generation_read",)}))

    def get_form(
        self, request: HttpRequest, obj: Cluster | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form = ClusterForm if obj else RegistrationForm
        return super().get_form(request, obj, change, **{"form": form} | kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Cluster | None = None) -> Any:
        return self.readonly_fields if obj else ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and rights_of(request).may_register()

    def has_change_permission(self, request: HttpRequest, obj: Cluster | None = None) -> bool:
        return super().has_change_permission(request, obj) and may(request, Role.ADMIN, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Cluster | None = None) -> bool:
        return super().has_delete_permission(request, obj) and may(request, Role.ADMIN, obj)

    def save_model(
        self, request: HttpRequest, obj: Cluster, form: ClusterForm, change: bool
    ) -> None:
        """Go through the same actions as REST does; the status fields are never written here."""
        fields = {name: form.cleaned_data[name] for name in FIELDS}
        if change:
            registration.change(Cluster.objects.get(pk=obj.pk), fields, only_if=form.read())
        else:
            registration.register({"id": obj.pk, **fields}, form.typed())
        check_soon()

    def get_deleted_objects(
        self, objs: Iterable[Cluster], request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Name the clusters alone: each has tens of thousands of past checks that go with it."""
        clusters = list(objs)
        allowed = all(self.has_delete_permission(request, one) for one in clusters)
        names = [f"{one}, with its credential and its past checks" for one in clusters]
        lacking = set() if allowed else {"cluster"}
        return names, {"clusters": len(clusters)}, lacking, []

    def delete_model(self, request: HttpRequest, obj: Cluster) -> None:
        registration.retire(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Cluster]) -> None:
        for cluster in queryset:
            registration.retire(cluster)

    @admin.display(description="abilities")
    def abilities(self, cluster: Cluster) -> SafeString | str:
        return list_abilities(cluster)

    @admin.display(description="discovered")
    def discovered(self, cluster: Cluster) -> str:
        at = cluster.schedule.discovered_at
        return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at else "never"

    class Media:
        css = {"all": ("brand/admin.css",)}
