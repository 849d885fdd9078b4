"""Trying a credential out: the stored one, or one that a person sent and that is not stored."""

from dataclasses import dataclass, replace
from datetime import datetime

from asgiref.sync import async_to_sync
from django.db import transaction
from django.utils import timezone

from apps.accounts import audit
from apps.clusters.actions import credentials, refreshing
from apps.clusters.actions.credentials import NewCredential
from apps.clusters.connection import connect, connect_with
from apps.clusters.errors import CredentialsNotFound
from apps.clusters.models import Cluster, Credential
from apps.clusters.models.credential import AuthType
from apps.clusters.oidc import Given, NotGiven, ask_for_token
from apps.clusters.probe import NAMES
from apps.clusters.trial import NOT_CONFIGURED, Step, Validation, try_out, untried

# For all that is asked of a cluster at once; an identity provider before it has as much.
SECONDS = 10.0
NOTHING_STORED = "Nothing is stored for this cluster. Store a credential first."
ONE_USE = Step(
    status="UNKNOWN",
    message="A refresh token may be good for one use, so it is not tried before it is stored.",
    remedy="Store it, or rotate to it: both try it out.",
)
NO_TOKEN = "There is no token yet to ask the API server with."  # noqa: S105 - a sentence


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a trial found, and when the credential ends."""

    validation: Validation
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Trial:
    """A credential after its trial: with the token that an identity provider gave it, if one did.

    `pause` is how many seconds later the next token is asked for.
    """

    credential: NewCredential
    validation: Validation
    pause: float | None = None


def validate(cluster: Cluster, identity_provider: Step | None = None) -> Outcome:
    """Try what is stored, and remember the moment if the API server takes it.

    `identity_provider`: what it said just now, if it was asked.
    """
    read = Cluster.objects.select_related("credential").filter(pk=cluster.pk).first()
    stored: Credential | None = getattr(read, "credential", None)
    if read is None or stored is None:
        raise CredentialsNotFound(NOTHING_STORED)
    step = identity_provider or _last_word(stored)
    validation = async_to_sync(try_out)(connect(read), read.platform, SECONDS, step)
    if validation.api_server.status == "VALID":
        # Unless another one was stored meanwhile: that one nobody has tried.
        Credential.objects.filter(pk=read.pk, sealed=stored.sealed).update(
            validated_at=timezone.now()
        )
    note(read, validation)
    return Outcome(validation, stored.expires_at)


def validate_unstored(cluster: Cluster, typed: NewCredential) -> Outcome:
    """Try what was sent, with what is stored of the rest, and store nothing."""
    credentials.refuse_unusable(typed)
    merged = credentials.merge(cluster, typed)
    if typed.secrets.oidc_refresh_token:
        validation = untried(NO_TOKEN, ONE_USE.remedy, ONE_USE)
    else:
        validation = try_unstored(cluster, typed, merged).validation
    note(cluster, validation)
    ending = merged.ending()
    return Outcome(validation, ending.at if ending else None)


def store(cluster: Cluster, credential: NewCredential) -> Outcome:
    """Store a credential, whatever it opens, and then say what that is."""
    credentials.refuse_unusable(credential)
    credentials.refuse_without_sign_in(credential)
    with transaction.atomic():
        credentials.store(cluster, credential)
        # Taken here, or the next round would ask for the same token at the same time.
        claim = refreshing.claim(cluster)
    if claim is None:
        return validate(cluster)
    answer = async_to_sync(refreshing.refresh)(claim)
    return validate(cluster, _step_of(answer) if answer else None)


def try_unstored(cluster: Cluster, typed: NewCredential, merged: NewCredential) -> Trial:
    """Try `merged` out; a provider is asked for a token only if it is new, as tokens cost one."""
    asks = typed.signs_in and typed.auth_type == AuthType.OIDC
    return async_to_sync(_try)(cluster, merged, asks)


async def _try(cluster: Cluster, credential: NewCredential, asks: bool) -> Trial:
    step, pause = NOT_CONFIGURED, None
    if asks and credential.provider is not None:
        answer = await ask_for_token(credential.provider, credential.secrets, SECONDS)
        step = _step_of(answer)
        if isinstance(answer, NotGiven):
            return Trial(credential, untried(NO_TOKEN, answer.remedy, step))
        secrets = refreshing.with_token(credential.secrets, answer)
        credential, pause = replace(credential, secrets=secrets), answer.pause
    connection = connect_with(
        cluster, credential.secrets, credential.ca_bundle, credential.server_name
    )
    return Trial(credential, await try_out(connection, cluster.platform, SECONDS, step), pause)


def note(cluster: Cluster, validation: Validation) -> None:
    """Keep in the audit trail that a person had a credential used, and what came of it."""
    parts = ("identity_provider", "api_server", *NAMES)
    found = {part: validation.step(part).status for part in parts}
    audit.note("validated", "credential", cluster.pk, cluster.name, **found)


def _step_of(answer: Given | NotGiven) -> Step:
    if isinstance(answer, Given):
        return Step(status="VALID", message="The identity provider gives a token.", remedy="")
    status = "INVALID" if answer.refused else "UNREACHABLE"
    return Step.model_validate(
        {"status": status, "message": answer.reason, "remedy": answer.remedy}
    )


def _last_word(stored: Credential) -> Step:
    if stored.auth_type != AuthType.OIDC:
        return NOT_CONFIGURED
    if stored.refresh_problem:
        return Step(status="INVALID", message=stored.refresh_problem, remedy="")
    return Step(status="VALID", message="The identity provider gave the last token.", remedy="")
