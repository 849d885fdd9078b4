"""What a client may send about a cluster."""

from typing import Any, ClassVar

from rest_framework import serializers

from apps.clusters.actions.credentials import NewCredential
from apps.clusters.contract import ClusterEndpoints
from apps.clusters.errors import InvalidClusterName
from apps.clusters.models import Cluster
from apps.clusters.models.cluster import NAME
from apps.clusters.models.credential import AuthType
from apps.clusters.rules import check_endpoint_url
from apps.clusters.vault.secrets import Secrets

SECRET_NAMES = tuple(Secrets.__dataclass_fields__)
SECRET_LIMIT = 16 * 1024


class EndpointField(serializers.CharField):
    """An optional address; null and an empty text both take it away."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            required=False,
            allow_blank=True,
            allow_null=True,
            max_length=512,
            validators=[lambda url: check_endpoint_url(url) if url else None],
            **options,
        )


class EndpointsForm(serializers.Serializer[Any]):
    prometheus_url = EndpointField()
    alertmanager_url = EndpointField()
    tempo_url = EndpointField()
    loki_url = EndpointField()
    korrel8r_url = EndpointField()


class CredentialsForm(serializers.Serializer[Any]):
    """Write-only: no answer ever holds any of it."""

    auth_type = serializers.ChoiceField(
        # Kubeconfigs come in by their import.
        choices=AuthType.choices[:1],
        default=AuthType.SERVICE_ACCOUNT,
        write_only=True,
    )
    token = serializers.CharField(max_length=SECRET_LIMIT, write_only=True)
    ca_bundle = serializers.CharField(
        max_length=256 * 1024, required=False, allow_blank=True, write_only=True
    )
    prometheus_token = serializers.CharField(
        max_length=SECRET_LIMIT, required=False, allow_blank=True, write_only=True
    )
    tempo_token = serializers.CharField(
        max_length=SECRET_LIMIT, required=False, allow_blank=True, write_only=True
    )
    loki_token = serializers.CharField(
        max_length=SECRET_LIMIT, required=False, allow_blank=True, write_only=True
    )


class RegistrationForm(serializers.ModelSerializer[Cluster]):
    endpoints = EndpointsForm(required=False)
    credentials = CredentialsForm(required=False, write_only=True)

    class Meta:
        model = Cluster
        fields = (
            "name",
            "display_name",
            "api_server_url",
            "cluster_type",
            "platform",
            "platform_version",
            "region",
            "environment",
            "endpoints",
            "labels",
            "enabled",
            "credentials",
        )
        # A taken name is a conflict (409) that the action tells, not a malformed field (400).
        extra_kwargs: ClassVar[dict[str, Any]] = {"name": {"validators": []}}

    def validate_name(self, name: str) -> str:
        if not NAME.match(name):
            raise InvalidClusterName(
                f"{name!r} cannot name a cluster. Use 3 to 63 lower-case letters, digits and "
                "hyphens; begin and end with a letter or digit."
            )
        return name

    def model_fields(self) -> dict[str, Any]:
        """Return what was sent as fields of the model, the endpoints flattened."""
        fields = dict(self.validated_data)
        fields.pop("credentials", None)
        endpoints = fields.pop("endpoints", {})
        missing = {} if self.partial else self._defaults()
        return missing | fields | {name: url or "" for name, url in endpoints.items()}

    def _defaults(self) -> dict[str, Any]:
        """A whole new description takes back what it does not name."""
        blank = Cluster()
        plain = set(self.Meta.fields) - {"endpoints", "credentials"}
        return {name: getattr(blank, name) for name in [*plain, *ClusterEndpoints.model_fields]}

    def credential(self) -> NewCredential | None:
        sent = self.validated_data.get("credentials")
        return credential_of(sent) if sent else None


def credential_of(sent: dict[str, Any]) -> NewCredential:
    secrets = Secrets(**{name: sent.get(name, "") for name in SECRET_NAMES})
    return NewCredential(secrets, sent.get("ca_bundle", ""))
