"""What a client may send about a cluster."""

from typing import Any, ClassVar

from rest_framework import serializers

from apps.clusters.actions.credentials import NewCredential
from apps.clusters.api.credential_forms import CredentialsForm, credential_of
from apps.clusters.api.texts import LabelsField
from apps.clusters.contract import ClusterEndpoints
from apps.clusters.errors import InvalidClusterName
from apps.clusters.models import Cluster
from apps.clusters.models.cluster import MOST_REPLICAS, NAME
from apps.clusters.rules import check_endpoint_url


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
    prometheus_replica_urls = serializers.ListField(
        child=serializers.CharField(max_length=512, validators=[check_endpoint_url]),
        required=False,
        max_length=MOST_REPLICAS,
    )
    alertmanager_url = EndpointField()
    tempo_url = EndpointField()
    loki_url = EndpointField()
    korrel8r_url = EndpointField()


class RegistrationForm(serializers.ModelSerializer[Cluster]):
    endpoints = EndpointsForm(required=False)
    labels = LabelsField(required=False)
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
        sent = {name: "" if url is None else url for name, url in endpoints.items()}
        return missing | fields | sent

    def _defaults(self) -> dict[str, Any]:
        """A whole new description takes back what it does not name."""
        blank = Cluster()
        plain = set(self.Meta.fields) - {"endpoints", "credentials"}
        return {name: getattr(blank, name) for name in [*plain, *ClusterEndpoints.model_fields]}

    def credential(self) -> NewCredential | None:
        """Return the credential that was sent, good for the address that is sent or stays."""
        sent = self.validated_data.get("credentials")
        if not sent:
            return None
        return credential_of(sent, self.validated_data.get("api_server_url") or self._address())

    def _address(self) -> str:
        return self.instance.api_server_url if self.instance is not None else ""
