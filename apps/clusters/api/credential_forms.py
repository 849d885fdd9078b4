"""What a client may send to open a cluster with. Write-only: no answer ever holds any of it."""

from dataclasses import replace
from typing import Any

from rest_framework import serializers

from apps.clusters.actions import pasted_kubeconfig
from apps.clusters.actions.credentials import (
    LONGEST_BUNDLE,
    LONGEST_SECRET,
    PART_TOKENS,
    NewCredential,
)
from apps.clusters.kube.kubeconfig import LONGEST_NAME
from apps.clusters.kube.plain_yaml import MOST_BYTES
from apps.clusters.models.credential import AuthType
from apps.clusters.oidc import Provider, check_address
from apps.clusters.rules import HOST_NAME, LONGEST_HOST_NAME
from apps.clusters.vault.secrets import Secrets

# What each kind signs in with, in the order in which they are looked for.
SIGN_INS = {
    "token": AuthType.SERVICE_ACCOUNT,
    "kubeconfig": AuthType.KUBECONFIG,
    "oidc": AuthType.OIDC,
}


class SecretField(serializers.CharField):
    def __init__(self, **options: Any) -> None:
        options.setdefault("max_length", LONGEST_SECRET)
        super().__init__(required=False, write_only=True, **options)


class OidcForm(serializers.Serializer[Any]):
    """Who gives the token: by client credentials, or for a refresh token where one is sent.

    The token endpoint is found by the issuer's own description, unless it is given.
    """

    issuer_url = serializers.CharField(
        max_length=512, required=False, validators=[check_address], write_only=True
    )
    token_url = serializers.CharField(
        max_length=512, required=False, validators=[check_address], write_only=True
    )
    client_id = serializers.CharField(max_length=512, write_only=True)
    client_secret = SecretField()
    refresh_token = SecretField()
    scope = serializers.CharField(
        max_length=1024, required=False, allow_blank=True, write_only=True
    )
    audience = serializers.CharField(
        max_length=512, required=False, allow_blank=True, write_only=True
    )
    ca_bundle = SecretField(max_length=LONGEST_BUNDLE, allow_blank=True)

    def validate(self, sent: dict[str, Any]) -> dict[str, Any]:
        if bool(sent.get("issuer_url")) == bool(sent.get("token_url")):
            raise serializers.ValidationError({"issuer_url": "Send this, or else token_url."})
        if not sent.get("client_id"):
            raise serializers.ValidationError({"client_id": "This field is required."})
        if not (sent.get("client_secret") or sent.get("refresh_token")):
            raise serializers.ValidationError(
                {"client_secret": "Send this, or refresh_token, or both."}
            )
        return sent


class CredentialsForm(serializers.Serializer[Any]):
    """One of `token`, `kubeconfig` and `oidc` signs in at the API server; all else is optional."""

    needs_sign_in = True

    auth_type = serializers.ChoiceField(
        choices=AuthType.choices,
        required=False,
        write_only=True,
        help_text="Follows from what is sent; where it is named, it must fit.",
    )
    token = SecretField()
    kubeconfig = SecretField(max_length=MOST_BYTES, trim_whitespace=False)
    context = serializers.CharField(  # type: ignore[assignment]  # DRF takes fields out of the class
        max_length=LONGEST_NAME,
        required=False,
        allow_blank=True,
        trim_whitespace=False,
        write_only=True,
        help_text="Which one of the kubeconfig, if it has several.",
    )
    oidc = OidcForm(required=False, write_only=True)
    ca_bundle = SecretField(max_length=LONGEST_BUNDLE, allow_blank=True)
    server_name = serializers.RegexField(
        HOST_NAME,
        max_length=LONGEST_HOST_NAME,
        required=False,
        allow_blank=True,
        write_only=True,
        help_text="The name in the API server's certificate, where its address has another.",
    )
    prometheus_token = SecretField(allow_blank=True)
    tempo_token = SecretField(allow_blank=True)
    loki_token = SecretField(allow_blank=True)
    expires_at = serializers.DateTimeField(
        required=False,
        allow_null=True,
        write_only=True,
        help_text="Where the credential itself does not say it; the earlier of both counts.",
    )

    def validate(self, sent: dict[str, Any]) -> dict[str, Any]:
        present = [name for name in SIGN_INS if sent.get(name)]
        if len(present) > 1:
            raise serializers.ValidationError(
                {present[1]: f"Send this or {present[0]}: only one can sign in."}
            )
        if sent.get("context") and "kubeconfig" not in present:
            raise serializers.ValidationError({"context": "This goes with a kubeconfig."})
        wanted = sent.get("auth_type") or (SIGN_INS[present[0]] if present else "")
        if present and SIGN_INS[present[0]] != wanted:
            raise serializers.ValidationError(
                {present[0]: f"This is not what {wanted} signs in with."}
            )
        if self.needs_sign_in and not present:
            name = next((one for one, kind in SIGN_INS.items() if kind == wanted), "token")
            raise serializers.ValidationError({name: "This field is required."})
        return sent


class CredentialChangeForm(CredentialsForm):
    """What is not named is taken as it is stored."""

    needs_sign_in = False

    def names_something(self) -> bool:
        return _names_something(self.validated_data)


class RotationForm(CredentialChangeForm):
    """What takes the place of what is stored. What is not named is kept."""

    def validate(self, sent: dict[str, Any]) -> dict[str, Any]:
        sent = super().validate(sent)
        if not _names_something(sent):
            raise serializers.ValidationError({"token": "Send something that is to be rotated."})
        return sent


def credential_of(sent: dict[str, Any], api_server_url: str) -> NewCredential:
    """Make a credential of a valid form; a kubeconfig must be for this very API server."""
    oidc = sent.get("oidc") or {}
    signs_in = NewCredential(
        Secrets(
            token=sent.get("token", ""),
            oidc_client_secret=oidc.get("client_secret", ""),
            oidc_refresh_token=oidc.get("refresh_token", ""),
        ),
        auth_type=AuthType.OIDC if oidc else AuthType.SERVICE_ACCOUNT,
        provider=_provider_of(oidc) if oidc else None,
    )
    if sent.get("kubeconfig"):
        signs_in = pasted_kubeconfig.pick(
            sent["kubeconfig"], sent.get("context", ""), api_server_url
        )
    tokens = {name: sent.get(name, "") for name in PART_TOKENS}
    return replace(
        signs_in,
        secrets=replace(signs_in.secrets, **tokens),
        ca_bundle=sent.get("ca_bundle") or signs_in.ca_bundle,
        server_name=sent.get("server_name") or signs_in.server_name,
        expires_at=sent.get("expires_at"),
    )


def _names_something(sent: dict[str, Any]) -> bool:
    return any(value for name, value in sent.items() if name != "auth_type")


def _provider_of(oidc: dict[str, Any]) -> Provider:
    names = ("client_id", "issuer_url", "token_url", "scope", "audience", "ca_bundle")
    return Provider(**{name: oidc.get(name, "") for name in names})
