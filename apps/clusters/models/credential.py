"""The sealed keys to a cluster. Nothing here can be read back without `apps.clusters.vault`."""

from django.db import models

from apps.clusters.models.cluster import Cluster


class AuthType(models.TextChoices):
    SERVICE_ACCOUNT = "SERVICE_ACCOUNT", "Service account token"
    KUBECONFIG = "KUBECONFIG", "Kubeconfig"
    OIDC = "OIDC", "OpenID Connect"


class ExpiryTold(models.TextChoices):
    """How much of an expiry has been told already, so that each is told once."""

    SOON = "SOON", "That it comes"
    EXPIRED = "EXPIRED", "That it came"


class Credential(models.Model):
    """One box of secrets per cluster; what is public, as `ca_bundle` is, is kept in the clear.

    `sealed` is what the vault returned for the secrets: the sealed text itself, or where it is.
    It differs with every storing, so an UPDATE that names it never hits a newer credential.
    """

    cluster = models.OneToOneField(
        Cluster, on_delete=models.CASCADE, primary_key=True, related_name="credential"
    )
    auth_type = models.CharField(max_length=16, choices=AuthType, default=AuthType.SERVICE_ACCOUNT)
    sealed = models.TextField(editable=False)
    ca_bundle = models.TextField("CA bundle (PEM)", blank=True)
    # The name in the API server's certificate, where it is not the one in its address.
    server_name = models.CharField("TLS server name", max_length=253, blank=True)
    # Which secrets the box holds, by name alone: ["token", "prometheus_token"].
    holds = models.JSONField(default=list, editable=False)
    # Where and as whom an OIDC token is asked for; the secrets of that are in the box.
    oidc = models.JSONField(default=dict, blank=True, editable=False)
    # The earliest end of what does not renew itself: token, client certificate, or as stated.
    expires_at = models.DateTimeField(null=True, editable=False, db_index=True)
    # Which secret ends first, by its name; empty where it is the end that a person stated.
    expires_with = models.CharField(max_length=32, blank=True, editable=False)
    # Kept apart, so that it outlives a token that ended earlier and was replaced.
    stated_expires_at = models.DateTimeField(null=True, editable=False)
    expiry_told = models.CharField(max_length=16, choices=ExpiryTold, blank=True, editable=False)
    validated_at = models.DateTimeField(null=True, editable=False)
    # When the identity provider is next asked for a token, and why the last time failed.
    refresh_at = models.DateTimeField(null=True, editable=False, db_index=True)
    refresh_problem = models.CharField(max_length=300, blank=True, editable=False)
    refresh_failures = models.PositiveSmallIntegerField(default=0, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"credential of {self.cluster_id}"
