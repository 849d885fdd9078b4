"""Another credential in place of the one that works: tried out first, and swapped in as a whole."""

from dataclasses import replace
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from apps.clusters.actions import credentials
from apps.clusters.actions.credentials import NewCredential
from apps.clusters.actions.validation import NOTHING_STORED, Outcome, Trial, note, try_unstored
from apps.clusters.connection import TOKEN_OF
from apps.clusters.errors import (
    ClusterUnreachable,
    CredentialsChanged,
    CredentialsInvalid,
    CredentialsNotFound,
)
from apps.clusters.models import CheckSchedule, Cluster, Credential
from apps.clusters.models.check_schedule import DUE
from apps.clusters.trial import Step
from apps.clusters.vault import store as vault

STAYS = "The old credential stays in use."
# How often what nobody did by hand may come between.
MOST_SWAPS = 3


def rotate(cluster: Cluster, typed: NewCredential) -> Outcome:
    """Replace what `typed` names once the cluster takes it; until then the old one serves.

    Raises CredentialsInvalid if a part that worked refuses the new one, ClusterUnreachable if
    that cannot be seen, and CredentialsChanged if somebody stored another one meanwhile.
    """
    credentials.refuse_unusable(typed)
    old = Credential.objects.filter(pk=cluster.pk).first()
    if old is None:
        raise CredentialsNotFound(NOTHING_STORED)
    credentials.refuse_to_lose_the_rest(old, typed)
    trial = try_unstored(cluster, typed, credentials.merge_over(old, typed))
    note(cluster, trial.validation)
    _refuse_what_does_not_work(cluster, typed, trial)
    _replace(cluster, old, typed, trial)
    ending = trial.credential.ending()
    return Outcome(trial.validation, ending.at if ending else None)


def _refuse_what_does_not_work(cluster: Cluster, typed: NewCredential, trial: Trial) -> None:
    validation = trial.validation
    failed: list[Step] = [
        step
        for part in _affected(cluster, typed)
        if (step := validation.step(part)).status not in {"VALID", "NOT_CONFIGURED"}
    ]
    if not failed:
        return
    details = {"validation": validation.model_dump(mode="json")}
    first = next((step for step in failed if step.status == "INVALID"), failed[0])
    message = " ".join(text for text in (first.message, first.remedy, STAYS) if text)
    refused = CredentialsInvalid if first.status == "INVALID" else ClusterUnreachable
    raise refused(message, details)


def _affected(cluster: Cluster, typed: NewCredential) -> list[str]:
    """Name the parts that must take it: those that it is new to, but none that was down before."""
    trust = bool(typed.ca_bundle)
    worked = [
        part
        for part, token in TOKEN_OF.items()
        if (trust or getattr(typed.secrets, token)) and getattr(cluster, f"{part}_healthy")
    ]
    signs_in = typed.signs_in or trust or bool(typed.server_name)
    return [*(("identity_provider", "api_server") if signs_in else ()), *worked]


def _replace(cluster: Cluster, old: Credential, typed: NewCredential, trial: Trial) -> None:
    credential = trial.credential
    for _ in range(MOST_SWAPS):
        if _swap(cluster, old, replace(trial, credential=credential), anew=typed.signs_in):
            # Apart: with the credential's row in hand, waiting for the schedule's could deadlock.
            CheckSchedule.objects.filter(pk=cluster.pk).bring_forward(*DUE)
            return
        now = Credential.objects.filter(pk=cluster.pk).first()
        if now is None or now.updated_at != old.updated_at:
            break
        # No person did that: it was sealed anew, or its identity provider gave another token. To
        # refuse would lose a refresh token that the trial has spent.
        old = now
        if not typed.signs_in:
            credential = credentials.merge_over(old, typed)
    raise CredentialsChanged(
        "Somebody stored another credential meanwhile, and that one stays. Look at it, and "
        "rotate again."
    )


def _swap(cluster: Cluster, old: Credential, trial: Trial, *, anew: bool) -> bool:
    credential, now = trial.credential, timezone.now()
    clear = credentials.columns_of(credential) | {"updated_at": now}
    if clear["expires_at"] != old.expires_at:
        clear["expiry_told"] = ""
    if trial.validation.api_server.status == "VALID":
        clear["validated_at"] = now
    if anew:
        next_token = None if trial.pause is None else now + timedelta(seconds=trial.pause)
        clear |= {"refresh_at": next_token, "refresh_problem": "", "refresh_failures": 0}
    with transaction.atomic():
        swapped = vault.swap(old, credential.secrets, **clear)
        if swapped:
            credentials.tell(cluster, "rotated", credential.secrets.names())
    return swapped
