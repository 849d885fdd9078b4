"""One context of a kubeconfig as the credential of a cluster that is registered already."""

from django.core.exceptions import ValidationError

from apps.clusters.actions.credentials import NewCredential
from apps.clusters.errors import CredentialsInvalid
from apps.clusters.kube import kubeconfig
from apps.clusters.kube.identity import address_of
from apps.clusters.kube.kubeconfig import Access, Refused
from apps.clusters.models.credential import AuthType
from apps.clusters.rules import check_api_server_url
from apps.clusters.vault.secrets import Secrets

MOST_NAMED = 10


def pick(text: str, context: str, api_server_url: str) -> NewCredential:
    """Return what `context` signs in with, or the only one there is.

    Raises CredentialsInvalid if it is for another API server: its key would be shown to this one.
    """
    access = _choose(kubeconfig.read(text), context)
    try:
        check_api_server_url(access.server)
    except ValidationError as refused:
        reason = " ".join(refused.messages)
        raise CredentialsInvalid(f'The server of "{access.context}": {reason}') from None
    if address_of(access.server) != address_of(api_server_url):
        raise CredentialsInvalid(
            f'Context "{access.context}" is for another API server than {api_server_url}. Choose '
            "the context of this cluster, or correct the cluster's address first."
        )
    return NewCredential(
        Secrets(
            token=access.token,
            client_certificate=access.client_certificate,
            client_key=access.client_key,
        ),
        access.ca_bundle,
        access.tls_server_name,
        AuthType.KUBECONFIG,
    )


def _choose(found: list[Access | Refused], context: str) -> Access:
    if not context and len(found) > 1:
        names = ", ".join(one.context for one in found[:MOST_NAMED])
        more = f" and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
        raise CredentialsInvalid(f"Say which context is meant; there are {names}{more}.")
    chosen = next((one for one in found if context in {"", one.context}), None)
    if chosen is None:
        raise CredentialsInvalid("The kubeconfig has no context of that name.")
    if isinstance(chosen, Refused):
        raise CredentialsInvalid(chosen.reason)
    return chosen
