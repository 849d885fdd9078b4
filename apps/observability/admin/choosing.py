"""A box in the filters of a list in which any cluster is found by typing, as in Django's forms."""

from typing import cast

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.http import HttpRequest, QueryDict

from apps.accounts.models import User
from apps.clusters.models import Cluster
from apps.observability.models import Alert

# What is chosen anew begins on the first page.
LEFT_OUT = frozenset({"cluster", "p"})


class ClusterBox(forms.Form):
    """Asks the admin's own search of clusters, which finds those that the reader may see."""

    cluster = forms.ModelChoiceField(
        queryset=Cluster.objects.none(),
        required=False,
        label="Any cluster, by its name",
        widget=AutocompleteSelect(Alert._meta.get_field("cluster"), admin.site),  # noqa: SLF001
    )


def box_for(request: HttpRequest) -> ClusterBox:
    box = ClusterBox({"cluster": request.GET.get("cluster", "")}, auto_id="choose_%s")
    field = cast("forms.ModelChoiceField[Cluster]", box.fields["cluster"])
    field.queryset = Cluster.objects.visible_to(cast(User, request.user))
    return box


def others(asked: QueryDict) -> list[tuple[str, str]]:
    """Return what the list is narrowed by already, to be asked along."""
    return [(name, str(value)) for name, value in asked.items() if name not in LEFT_OUT]
