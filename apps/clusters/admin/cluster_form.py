"""The forms of a cluster in the admin; the one that registers it has boxes for secrets."""

from typing import Any

from django import forms

from apps.clusters.actions import credentials
from apps.clusters.actions.credentials import NewCredential
from apps.clusters.admin.secret_boxes import SecretInput, SecretTextarea
from apps.clusters.errors import CredentialsInvalid
from apps.clusters.models import Cluster
from apps.clusters.vault.secrets import Secrets

SECRETS = {
    "token": "Service account token",
    "prometheus_token": "Prometheus token",
    "tempo_token": "Tempo token",
    "loki_token": "Loki token",
}
ADDRESSES = (
    "prometheus_url",
    "prometheus_replica_urls",
    "alertmanager_url",
    "tempo_url",
    "loki_url",
    "korrel8r_url",
)
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
MEANWHILE = (
    "Somebody else changed this cluster while you had this page open. Load it again to see how it "
    "is now, and make your change there."
)
MOVE_HERE = "On these pages: remove the credential first, move the cluster, and store it anew."


class ClusterForm(forms.ModelForm[Cluster]):
    """What a person says of a cluster. What opens it is kept on a page of its own."""

    # What the person has read; a change by somebody else meanwhile is not overwritten unseen.
    generation_read = forms.IntegerField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Cluster
        fields = FIELDS
        widgets = {"labels": forms.Textarea(attrs={"rows": 3, "cols": 60})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["generation_read"] = self.instance.generation

    def clean_labels(self) -> dict[str, str]:
        return self.cleaned_data["labels"] or {}

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        # The instance carries the new addresses already; the stored row has the old ones.
        stored = Cluster.objects.filter(pk=self.instance.pk).first()
        try:
            if stored is not None:
                self._refuse_unseen(stored)
                credentials.refuse_to_follow(stored, cleaned, None)
        except CredentialsInvalid as refused:
            self.add_error(None, f"{refused.message} {MOVE_HERE}")
        return cleaned

    def read(self) -> set[int] | None:
        """Return the generation that the page was filled with, if it says."""
        generation = self.cleaned_data.get("generation_read")
        return None if generation is None else {generation}

    def _refuse_unseen(self, stored: Cluster) -> None:
        read = self.read()
        if read is not None and stored.generation not in read:
            self.add_error(None, MEANWHILE)

    def typed(self) -> NewCredential | None:
        """Return what was typed to open the cluster with; this form has no boxes for that."""
        return None


class RegistrationForm(ClusterForm):
    """A new cluster, with empty boxes for its secrets: nothing is ever put back into one."""

    generation_read = None  # type: ignore[assignment]  # how Django takes a field away again

    token = forms.CharField(required=False, widget=SecretInput())
    prometheus_token = forms.CharField(required=False, widget=SecretInput())
    tempo_token = forms.CharField(required=False, widget=SecretInput())
    loki_token = forms.CharField(required=False, widget=SecretInput())
    ca_bundle = forms.CharField(
        required=False,
        label="CA bundle (PEM)",
        widget=SecretTextarea(4),
        help_text="The authority that signed the API server's certificate, if it is not public.",
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        typed = self.typed()
        try:
            if typed is not None:
                credentials.refuse_unusable(typed)
        except CredentialsInvalid as refused:
            self.add_error(None, refused.message)
        return cleaned

    def typed(self) -> NewCredential | None:
        boxes = {name: self.cleaned_data.get(name, "") for name in SECRETS}
        ca_bundle = self.cleaned_data.get("ca_bundle", "")
        if not (ca_bundle or any(boxes.values())):
            return None
        return NewCredential(Secrets(**boxes), ca_bundle)
