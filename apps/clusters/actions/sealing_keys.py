"""Credentials are sealed anew with the first key, so that older ones can be removed.

Each batch is one transaction of conditional updates: a run that dies has done whole batches, the
next one goes on, and a credential that somebody stores meanwhile is never written over.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db import transaction
from django.db.models import Count, F, Func, TextField, Value

from apps.accounts import audit
from apps.clusters.actions import sealed_columns
from apps.clusters.errors import BoxClosed, CredentialStoreAway
from apps.clusters.models import Credential
from apps.clusters.vault import store as vault
from apps.clusters.vault.resealing import Renewal, is_current, renew
from apps.sealing import key_names

# What somebody else changes just then is looked at again, with its new box.
PASSES = 3
BUSY = "Somebody else was changing it. Run the command again."


@dataclass(frozen=True, slots=True)
class Wishes:
    batch: int = 100
    dry_run: bool = False
    # Bring what the other store keeps into the one that is chosen.
    move: bool = False


@dataclass(frozen=True, slots=True)
class Failed:
    cluster_id: UUID
    cluster: str
    reason: str


@dataclass(slots=True)
class Report:
    """What was done, or would be. `needed` counts by key the credentials, and other secrets, that
    it opens.

    `already` needed nothing: sealed with the first key, or in a store that seals by itself.
    """

    key: str = ""
    resealed: int = 0
    already: int = 0
    failed: list[Failed] = field(default_factory=list)
    needed: dict[str, int] = field(default_factory=dict)

    @property
    def removable(self) -> list[str]:
        """Return the names of older keys at hand that nothing needs any more."""
        return [name for name in key_names()[1:] if not self.needed.get(name)]


def reseal(wishes: Wishes) -> Report:
    """Seal with the first key whatever is not; what fails does not stop the rest."""
    report = Report(key_names()[0])
    waiting = list(Credential.objects.order_by("pk").values_list("pk", flat=True))
    for _ in range(PASSES):
        batches = list(_batches(waiting, wishes.batch))
        waiting = [pk for ids in batches for pk in _renew(ids, wishes, report)]
    names = dict(Credential.objects.filter(pk__in=waiting).values_list("pk", "cluster__name"))
    report.failed += [Failed(pk, name, BUSY) for pk, name in names.items()]
    others = sealed_columns.renew(pretend=wishes.dry_run)
    report.resealed += others.resealed
    report.already += others.already
    report.failed += [Failed(row.pk, str(row), reason) for row, reason in others.failed]
    report.needed = dict(sorted((others.needed + Counter(_needed())).items()))
    return report


def _batches(ids: Sequence[UUID], size: int) -> Iterator[Sequence[UUID]]:
    for start in range(0, len(ids), size):
        yield ids[start : start + size]


def _renew(ids: Sequence[UUID], wishes: Wishes, report: Report) -> list[UUID]:
    """Renew these; return those that somebody else was changing, which are left to them."""
    rows = list(Credential.objects.filter(pk__in=ids).select_related("cluster").order_by("pk"))
    vault.warm(row for row in rows if not is_current(row.sealed, move=wishes.move))
    renewals: dict[UUID, Renewal] = {}
    for row in rows:
        try:
            renewal = renew(row, move=wishes.move, pretend=wishes.dry_run)
        except BoxClosed as closed:
            report.failed.append(Failed(row.pk, row.cluster.name, str(closed)))
        except CredentialStoreAway as away:
            report.failed.append(Failed(row.pk, row.cluster.name, away.message))
        else:
            if renewal is None:
                report.already += 1
            else:
                renewals[row.pk] = renewal
    busy = [] if wishes.dry_run else _point_to(renewals)
    report.resealed += len(renewals) - len(busy)
    return busy


@transaction.atomic
def _point_to(renewals: dict[UUID, Renewal]) -> list[UUID]:
    """Point rows that are as they were to their new boxes; return the others."""
    # Skipped and not waited for: an import locks many of them too, in an order of its own.
    rows = Credential.objects.select_for_update(skip_locked=True, no_key=True)
    held = dict(rows.filter(pk__in=renewals).order_by("pk").values_list("pk", "sealed"))
    busy = [pk for pk, renewal in renewals.items() if held.get(pk) != renewal.old]
    for pk, renewal in renewals.items():
        if pk not in busy:
            Credential.objects.filter(pk=pk).update(sealed=renewal.new, holds=renewal.holds)
        if renewal.new != renewal.old:
            vault.let_go_on_commit(pk, renewal.new if pk in busy else renewal.old)
    done = len(renewals) - len(busy)
    if done:
        audit.note("resealed", "sealing key", key_names()[0], credentials=done)
    return busy


def _needed() -> dict[str, int]:
    parts = (F("sealed"), Value("."), Value(2))
    key = Func(*parts, function="split_part", output_field=TextField())
    sealed = Credential.objects.filter(sealed__startswith="v1.").annotate(key=key)
    return dict(sealed.values_list("key").annotate(Count("pk")).order_by("key"))
