"""The sealed keys to a cluster. Nothing here can be read back without `apps.clusters.vault`."""

from django.db import models

from apps.clusters.models.cluster import Cluster


class AuthType(models.TextChoices):
    SERVICE_ACCOUNT = "SERVICE_ACCOUNT", "Service account token"
    KUBECONFIG = "KUBECONFIG", "Kubeconfig"


class Credential(models.Model):
    """One sealed text per cluster; what is public, as `ca_bundle` is, is kept in the clear."""

    cluster = models.OneToOneField(
        Cluster, on_delete=models.CASCADE, primary_key=True, related_name="credential"
    )
    auth_type = models.CharField(max_length=16, choices=AuthType, default=AuthType.SERVICE_ACCOUNT)
    sealed = models.TextField(editable=False)
    ca_bundle = models.TextField("CA bundle (PEM)", blank=True)
    # The name in the API server's certificate, where it is not the one in its address.
    server_name = models.CharField("TLS server name", max_length=253, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"credential of {self.cluster_id}"

    @property
    def place(self) -> str:
        """What the sealed text is bound to."""
        return f"clusters.credential:{self.cluster_id}:secrets"
