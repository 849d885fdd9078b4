"""Tokens from identity providers, asked for before the last one ends: each once at a time."""

import asyncio
import logging
from dataclasses import dataclass, replace
from datetime import timedelta

from asgiref.sync import sync_to_async
from django.db import DatabaseError, transaction
from django.utils import timezone

from apps.clusters import events
from apps.clusters.actions.credentials import provider_of
from apps.clusters.errors import BoxClosed, CredentialStoreAway
from apps.clusters.models import CheckSchedule, Cluster, Credential
from apps.clusters.models.credential import AuthType
from apps.clusters.oidc import Given, NotGiven, Provider, ask_for_token
from apps.clusters.vault import store as vault
from apps.clusters.vault.secrets import Secrets
from apps.streaming.publish import publish

logger = logging.getLogger(__name__)

# Asked for at once, and then stored one after another: a store on the network may take half a
# second for each, and a task that ends before would lose tokens good for one use.
AT_ONCE = 20
ASK_SECONDS = 10.0
# A round takes on more for so long; the next tick's round carries on.
ROUND_SECONDS = 30.0
# What dies with its worker is asked for again after this; longer than the task may live, or two
# would spend one refresh token.
LEASE = timedelta(seconds=100)
# Waiting doubles with each failure in a row, up to here; a refusal rarely changes by itself.
FIRST_PAUSE, LONGEST_PAUSE, PAUSE_AFTER_REFUSAL = 30.0, 900.0, 3600.0
# `rotate_keys` may seal a box anew while we ask; a box that changes oftener is somebody's.
MOST_SWAPS = 3
STORE_AWAY = "The identity provider gave a token, and our store of credentials did not take it."


@dataclass(frozen=True, slots=True)
class Claim:
    """A credential whose token is due. Nobody else asks for it until the lease is over."""

    credential: Credential
    name: str
    provider: Provider
    secrets: Secrets


async def refresh_due() -> int:
    """Ask for the tokens that are due, concurrently; return how many those were."""
    loop = asyncio.get_running_loop()
    last_claim = loop.time() + ROUND_SECONDS
    asked = 0
    while loop.time() < last_claim:
        claims = await sync_to_async(claim_due)(AT_ONCE)
        if not claims:
            break
        await asyncio.gather(*(refresh(claim) for claim in claims))
        asked += len(claims)
    return asked


def claim_due(most: int) -> list[Claim]:
    """Take up to `most` credentials whose token is due, so that no other worker takes them too."""
    now = timezone.now()
    with transaction.atomic():
        due = (
            Credential.objects.select_for_update(skip_locked=True, no_key=True, of=("self",))
            .filter(auth_type=AuthType.OIDC, refresh_at__lte=now, cluster__enabled=True)
            .select_related("cluster")
            .order_by("refresh_at")[:most]
        )
        taken = list(due)
        Credential.objects.filter(pk__in=[one.pk for one in taken]).update(refresh_at=now + LEASE)
    # Opened after the commit: a store on the network may take its time.
    vault.warm(taken)
    return [claim for one in taken if (claim := _open(one))]


def claim(cluster: Cluster) -> Claim | None:
    """Take the credential of one cluster, if it is one whose token is due."""
    now = timezone.now()
    due = Credential.objects.filter(pk=cluster.pk, auth_type=AuthType.OIDC, refresh_at__lte=now)
    if not due.update(refresh_at=now + LEASE):
        return None
    return _open(Credential.objects.select_related("cluster").get(pk=cluster.pk))


def _open(credential: Credential) -> Claim | None:
    name = credential.cluster.name
    try:
        secrets = vault.unlock(credential)
    except BoxClosed as closed:
        # The check of the cluster tells the people; after the lease it is tried again.
        logger.warning("No new token for %s: %s", name, closed)
        return None
    # Read anew while it was opened, it may be another's kind by now.
    provider = provider_of(credential)
    return Claim(credential, name, provider, secrets) if provider else None


async def refresh(claim: Claim) -> Given | NotGiven | None:
    """Ask for one token and store it. Nothing met at one provider stops the others."""
    try:
        answer = await ask_for_token(claim.provider, claim.secrets, ASK_SECONDS)
        if isinstance(answer, Given):
            await sync_to_async(_keep)(claim, answer)
        else:
            logger.warning("No new token for %s: %s", claim.name, answer.sentence)
            await sync_to_async(_note_problem)(claim, answer)
        return answer
    except DatabaseError:
        logger.exception("The new token for %s could not be stored", claim.name)
    except Exception:
        logger.exception("Asking for a token for %s broke", claim.name)
    return None


def _keep(claim: Claim, given: Given) -> None:
    """Store a token in place of the one it follows; another credential stored since stays."""
    credential, secrets, now = claim.credential, claim.secrets, timezone.now()
    clear = {
        "refresh_at": now + timedelta(seconds=given.pause),
        "refresh_problem": "",
        "refresh_failures": 0,
    }
    try:
        for _ in range(MOST_SWAPS):
            if vault.swap(credential, with_token(secrets, given), **clear):
                _tell_if_changed(claim, "")
                return
            credential = Credential.objects.get(pk=credential.pk)
            secrets = vault.unlock(credential)
            if not _is_for(claim, credential, secrets):
                return
    except CredentialStoreAway as away:
        logger.warning("The new token for %s is lost: %s", claim.name, away.message)
        _note_problem(claim, NotGiven(STORE_AWAY, "Bring the store back."))
    except (BoxClosed, Credential.DoesNotExist):
        return  # Removed or replaced meanwhile: whatever is there now has a round of its own.


def _is_for(claim: Claim, credential: Credential, secrets: Secrets) -> bool:
    """Whether what was asked for still belongs to this credential.

    Its other tokens may be new. The refresh token that was shown for it may be good no more, so
    to drop its follower for their sake would end the credential.
    """
    asked = claim.secrets
    return (
        provider_of(credential) == claim.provider
        and secrets.oidc_client_secret == asked.oidc_client_secret
        and secrets.oidc_refresh_token == asked.oidc_refresh_token
    )


def with_token(secrets: Secrets, given: Given) -> Secrets:
    """Return secrets with a new token, and with the refresh token that follows the old one."""
    follows = given.refresh_token if secrets.oidc_refresh_token else ""
    return replace(
        secrets, token=given.token, oidc_refresh_token=follows or secrets.oidc_refresh_token
    )


def _note_problem(claim: Claim, answer: NotGiven) -> None:
    """Say why there is no new token, and when the next is asked for; the old one stays in use."""
    credential = claim.credential
    pause = min(FIRST_PAUSE * 2 ** min(credential.refresh_failures, 10), LONGEST_PAUSE)
    if answer.refused:
        pause = PAUSE_AFTER_REFUSAL
    noted = Credential.objects.filter(pk=credential.pk, sealed=credential.sealed).update(
        refresh_at=timezone.now() + timedelta(seconds=pause),
        refresh_problem=answer.sentence,
        refresh_failures=min(credential.refresh_failures + 1, 1000),
    )
    if noted:
        _tell_if_changed(claim, answer.sentence)


def _tell_if_changed(claim: Claim, problem: str) -> None:
    first = not problem and not claim.secrets.token
    if problem == claim.credential.refresh_problem and not first:
        return
    CheckSchedule.objects.filter(pk=claim.credential.pk).bring_forward("next_check_at")
    publish(events.credentials_updated(claim.credential.cluster))
