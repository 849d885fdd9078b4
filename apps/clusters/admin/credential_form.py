"""What a person types on the page of a cluster's credentials, read into one NewCredential."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from django import forms

from apps.clusters.actions import pasted_kubeconfig
from apps.clusters.actions.credentials import (
    LONGEST_BUNDLE,
    LONGEST_SECRET,
    PART_TOKENS,
    NewCredential,
)
from apps.clusters.admin.secret_boxes import SecretInput, SecretTextarea
from apps.clusters.kube.kubeconfig import LONGEST_NAME
from apps.clusters.kube.plain_yaml import MOST_BYTES
from apps.clusters.models.credential import AuthType
from apps.clusters.oidc import Provider, check_address
from apps.clusters.rules import HOST_NAME, LONGEST_HOST_NAME
from apps.clusters.vault.secrets import Secrets

# The boxes of each kind; what is in those of another kind is an error and not silently dropped.
BOXES = {
    AuthType.SERVICE_ACCOUNT: ("token",),
    AuthType.KUBECONFIG: ("kubeconfig", "context"),
    AuthType.OIDC: (
        "issuer_url",
        "token_url",
        "client_id",
        "client_secret",
        "refresh_token",
        "scope",
        "audience",
        "oidc_ca_bundle",
    ),
}
FOR_ALL = (*PART_TOKENS, "ca_bundle", "server_name", "expires_at")


def _secret(label: str) -> forms.CharField:
    return forms.CharField(
        required=False, label=label, max_length=LONGEST_SECRET, widget=SecretInput()
    )


def _text(label: str, longest: int, **options: Any) -> forms.CharField:
    return forms.CharField(required=False, label=label, max_length=longest, **options)


class CredentialForm(forms.Form):
    auth_type = forms.ChoiceField(
        label="Signs in by",
        choices=AuthType.choices,
        initial=AuthType.SERVICE_ACCOUNT,
        widget=forms.RadioSelect,
    )
    token = _secret("Token")
    kubeconfig = _text(
        "Kubeconfig",
        MOST_BYTES,
        strip=False,
        widget=SecretTextarea(12),
        help_text="It must be for this API server. Nothing in it is executed or opened.",
    )
    context = _text(
        "Context", LONGEST_NAME, strip=False, help_text="Which one, if there are several."
    )
    issuer_url = _text("Issuer URL", 512, validators=[check_address])
    token_url = _text(
        "or token URL",
        512,
        validators=[check_address],
        help_text="Where the issuer does not describe itself.",
    )
    client_id = _text("Client ID", 512)
    client_secret = _secret("Client secret")
    refresh_token = _secret("Refresh token")
    scope = _text("Scope", 1024, help_text="Separated by blanks: openid groups")
    audience = _text("Audience", 512)
    oidc_ca_bundle = _text("Provider's CA bundle (PEM)", LONGEST_BUNDLE, widget=SecretTextarea(4))
    prometheus_token = _secret("Prometheus token")
    tempo_token = _secret("Tempo token")
    loki_token = _secret("Loki token")
    ca_bundle = _text(
        "CA bundle (PEM)",
        LONGEST_BUNDLE,
        widget=SecretTextarea(4),
        help_text="The authority of the cluster's certificates, if it is not a public one.",
    )
    server_name = forms.RegexField(
        HOST_NAME,
        max_length=LONGEST_HOST_NAME,
        required=False,
        label="TLS server name",
        help_text="The name in the API server's certificate, where its address has another.",
    )
    expires_at = forms.DateTimeField(
        required=False,
        label="Expires (UTC)",
        help_text="YYYY-MM-DD HH:MM; the earlier of this and what the credential itself says.",
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        chosen = cleaned.get("auth_type")
        for kind, names in BOXES.items():
            for name in names:
                if kind != chosen and cleaned.get(name):
                    self.add_error(name, f"This goes with {kind.label} alone.")
        return cleaned

    def groups(self) -> Iterator[tuple[str, str, list[forms.BoundField]]]:
        """Yield the boxes as the page shows them: by kind, and then what goes with all."""
        for kind, names in BOXES.items():
            yield kind.lower().replace("_", "-"), kind.label, [self[name] for name in names]
        yield "all", "And with it", [self[name] for name in FOR_ALL]

    @property
    def empty(self) -> bool:
        return not any(value for name, value in self.cleaned_data.items() if name != "auth_type")

    def credential(self, api_server_url: str) -> NewCredential:
        """Return what was typed. Raises CredentialsInvalid for a kubeconfig that does not fit."""
        typed = self.cleaned_data
        signs_in = self._sign_in(api_server_url)
        tokens = {name: typed[name] for name in PART_TOKENS}
        return replace(
            signs_in,
            secrets=replace(signs_in.secrets, **tokens),
            ca_bundle=typed["ca_bundle"] or signs_in.ca_bundle,
            server_name=typed["server_name"] or signs_in.server_name,
            expires_at=typed["expires_at"],
        )

    def _sign_in(self, api_server_url: str) -> NewCredential:
        typed = self.cleaned_data
        kind = AuthType(typed["auth_type"])
        if kind == AuthType.KUBECONFIG and typed["kubeconfig"]:
            return pasted_kubeconfig.pick(typed["kubeconfig"], typed["context"], api_server_url)
        if kind == AuthType.OIDC and any(typed[name] for name in BOXES[kind]):
            secrets = Secrets(
                oidc_client_secret=typed["client_secret"],
                oidc_refresh_token=typed["refresh_token"],
            )
            return NewCredential(secrets, auth_type=kind, provider=self._provider())
        return NewCredential(Secrets(token=typed["token"]))

    def _provider(self) -> Provider:
        typed = self.cleaned_data
        names = ("client_id", "issuer_url", "token_url", "scope", "audience")
        return Provider(**{name: typed[name] for name in names}, ca_bundle=typed["oidc_ca_bundle"])
