"""The form of a cluster in the admin: its fields, and boxes for secrets that are never filled."""

from typing import Any

from django import forms

from apps.clusters.actions import credentials
from apps.clusters.actions.credentials import NewCredential
from apps.clusters.errors import CredentialsInvalid
from apps.clusters.models import Cluster
from apps.clusters.vault.secrets import Secrets

SECRETS = {
    "token": "Service account token",
    "prometheus_token": "Prometheus token",
    "tempo_token": "Tempo token",
    "loki_token": "Loki token",
}
ADDRESSES = ("prometheus_url", "alertmanager_url", "tempo_url", "loki_url", "korrel8r_url")
FIELDS = (
    "name",
    "display_name",
    "api_server_url",
    "cluster_type",
    "platform",
    "platform_version",
    "region",
    "environment",
    *ADDRESSES,
    "labels",
    "enabled",
)


class ClusterForm(forms.ModelForm[Cluster]):
    """A model form with empty boxes for new secrets: what is stored is never put back into one."""

    token = forms.CharField(required=False, widget=forms.PasswordInput(render_value=False))
    prometheus_token = forms.CharField(
        required=False, widget=forms.PasswordInput(render_value=False)
    )
    tempo_token = forms.CharField(required=False, widget=forms.PasswordInput(render_value=False))
    loki_token = forms.CharField(required=False, widget=forms.PasswordInput(render_value=False))
    ca_bundle = forms.CharField(
        required=False,
        label="CA bundle (PEM)",
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="A box that is left empty keeps what is stored.",
    )

    class Meta:
        model = Cluster
        fields = FIELDS
        widgets = {"labels": forms.Textarea(attrs={"rows": 3, "cols": 60})}

    def clean_labels(self) -> dict[str, str]:
        return self.cleaned_data["labels"] or {}

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        typed = self.typed()
        try:
            if typed is not None:
                credentials.refuse_unusable(typed)
            # The instance carries the new addresses already; the stored row has the old ones.
            stored = Cluster.objects.filter(pk=self.instance.pk).first()
            if stored is not None:
                credentials.refuse_to_follow(stored, cleaned, typed)
        except CredentialsInvalid as refused:
            self.add_error(None, refused.message)
        return cleaned

    def typed(self) -> NewCredential | None:
        """Return what was typed, or None if all boxes were left empty."""
        boxes = {name: self.cleaned_data.get(name, "") for name in SECRETS}
        ca_bundle = self.cleaned_data.get("ca_bundle", "")
        if not (ca_bundle or any(boxes.values())):
            return None
        return NewCredential(Secrets(**boxes), ca_bundle)
