"""How GPUs are told of in the admin: figures with their units, health as a word, age as a badge."""

from datetime import datetime
from typing import Any

from django.db.models import F
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from apps.observability.admin.tables import NOTHING, badge, brief, link, moment, rows
from apps.observability.gpus import stored
from apps.observability.gpus.xids import Severity
from apps.observability.models import GpuCard, GpuChange, GpuClaim
from apps.observability.models.gpu import is_stale
from apps.observability.models.gpu_history import GpuChangeKind

TONES = {
    Severity.OK: "ok",
    Severity.INFO: "idle",
    Severity.WARNING: "warn",
    Severity.CRITICAL: "bad",
}
WORDS = {
    Severity.OK: "well",
    Severity.INFO: "worth knowing",
    Severity.WARNING: "warning",
    Severity.CRITICAL: "critical",
}
KEEPS = "keeps memory"
KINDS = {GpuChangeKind.GONE: "bad", GpuChangeKind.DRIVER_CHANGED: "idle"}
# Of what is on a node: when that was read, as `GpuNode.with_times` has it.
TIMES: dict[str, Any] = {
    "last_updated": Coalesce("node__read_at", "node__cluster__gpu_feed__read_at"),
    "interval": F("node__cluster__gpu_feed__interval_seconds"),
}


def health(severity: int) -> SafeString:
    level = Severity(severity)
    return badge(TONES[level], WORDS[level])


def percent(share: float | None) -> str:
    return NOTHING if share is None else f"{share:g} %"


def memory(used: int | None, total: int | None) -> str:
    if used is None and total is None:
        return NOTHING
    words = [NOTHING if one is None else f"{one / 1024:.1f}" for one in (used, total)]
    return " of ".join(words) + " GiB"


def watts(draw: float | None, limit: float | None) -> str:
    if draw is None:
        return NOTHING
    return f"{draw:.0f} W" if limit is None else f"{draw:.0f} of {limit:.0f} W"


def age(last_updated: datetime | None, interval: int | None, *, short: bool = True) -> SafeString:
    """Return when something was read, with a badge where that is the past's."""
    when = (brief if short else moment)(last_updated)
    if not is_stale(last_updated, interval, timezone.now()):
        return format_html("{}", when)
    return format_html("{} {}", badge("warn", "stale"), when)


def divided(card: GpuCard) -> SafeString:
    """Return how a card is given away: whole, by turns, in slices, or to nobody."""
    words = ["in slices"] if card.mig_enabled else []
    words += ["shared"] if card.shared else []
    given = "free" if not card.allocated else "given"
    if 0 < round(card.allocated, 2) < 1:
        given = f"{card.allocated:.0%} given"
    badges = format_html_join("", " {}", ((badge("idle", word),) for word in words))
    return format_html("{}{}", given, badges)


def presence(card: GpuCard) -> SafeString | str:
    if card.gone_at:
        return badge("bad", f"gone since {brief(card.gone_at)} UTC")
    if card.missing_since:
        return badge("warn", f"missing since {brief(card.missing_since)} UTC")
    return "here"


def place(card: GpuCard, unit: int | None = None, profile: str = "") -> str:
    """Return a card's name among those of its node, and that of a slice of it."""
    name = f"GPU {card.index}" if card.index is not None else card.key
    gi, ci = stored.part_of(unit) if unit is not None else (None, None)
    return name if gi is None else f"{name}, slice {gi}/{ci} {profile}".rstrip()


def idleness(claim: GpuClaim) -> SafeString | str:
    if claim.idle_since is None:
        return NOTHING
    since = badge("warn", f"idle since {brief(claim.idle_since)}")
    return format_html("{} {}", since, badge("idle", KEEPS)) if claim.holds_memory else since


def kind(change: GpuChange) -> SafeString:
    return badge(KINDS.get(GpuChangeKind(change.kind), "ok"), change.get_kind_display())


def what(change: GpuChange) -> str:
    if change.kind == GpuChangeKind.MOVED:
        return f"from {change.before}"
    return f"{change.before} to {change.after}" if change.after else change.before


def claims(held: list[GpuClaim]) -> SafeString | str:
    return rows(
        ("Pod", "Of", "Card", "Since (UTC)", "Until (UTC)", "Idle (UTC)"),
        (
            (
                link(one, f"{one.namespace}/{one.pod}"),
                one.owner,
                link(one.card, place(one.card, one.unit, one.profile)),
                brief(one.since),
                brief(one.until, "now"),
                idleness(one),
            )
            for one in held
        ),
        "Nobody that you may see.",
    )


def changes(known: list[GpuChange]) -> SafeString | str:
    return rows(
        ("When", "What", "Card", "Node", "From and to"),
        (
            (
                moment(one.at),
                kind(one),
                " ".join(filter(None, (one.name, one.uuid))) or NOTHING,
                one.node_name,
                what(one) or NOTHING,
            )
            for one in known
        ),
        "Nothing that is remembered.",
    )
