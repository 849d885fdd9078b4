"""What of a cluster ends soon, or has ended: its credential, its API server's certificate."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.db.models.functions import Least
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from apps.clusters.expiry import warn_until
from apps.clusters.models import Cluster

FIRST_TO_END = Least("credential__expires_at", "certificate_expires_at")


@dataclass(frozen=True, slots=True)
class Ending:
    what: str
    at: datetime
    now: datetime

    @property
    def over(self) -> bool:
        return self.at <= self.now

    @property
    def words(self) -> str:
        return f"{self.what} {'expired' if self.over else self._when}"

    @property
    def sentence(self) -> str:
        told = "has expired" if self.over else f"expires {self._when}"
        return f"{self.what} {told}: {self.at:%F %R} UTC."

    @property
    def _when(self) -> str:
        days = (self.at - self.now).days
        if not days:
            return "within a day"
        return "in 1 day" if days == 1 else f"in {days} days"


def endings(cluster: Cluster) -> Iterator[Ending]:
    """Yield what has ended or ends soon; asks nothing if the credential is loaded with it."""
    now = timezone.now()
    credential = getattr(cluster, "credential", None)
    dated = (
        ("Credential", credential.expires_at if credential else None),
        ("Certificate", cluster.certificate_expires_at),
    )
    for what, at in dated:
        if at is not None and at <= warn_until(now):
            yield Ending(what, at, now)


def badges(cluster: Cluster) -> SafeString:
    found = [
        ("expired" if one.over else "ending", f"{one.at:%F %R} UTC", one.words)
        for one in endings(cluster)
    ]
    if not found:
        return format_html("{}", "-")
    return format_html_join(" ", '<span class="badge badge-{}" title="{}">{}</span>', found)


def ends_before(moment: datetime) -> Q:
    return Q(credential__expires_at__lte=moment) | Q(certificate_expires_at__lte=moment)
