"""Who may tell us of a cluster's alerts: whoever shows that cluster's webhook token.

A cluster that is switched off is not asked by us, and may tell all the same: what it tells is kept.
"""

import base64
import binascii
import hmac
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from uuid import UUID

from apps.clusters.actions import webhook_tokens
from apps.clusters.models import Cluster
from apps.observability.errors import TooManyStrangers, WebhookRefused

REFUSAL = (
    "This takes the webhook token of this cluster, as: Authorization: Bearer TOKEN, or as the "
    "password of Basic. Make one with POST /api/v1/clusters/{id}/webhook-token."
)
# So many clusters' passes are remembered by a process.
MOST_KNOWN = 10_000
# Of those who are not known, so many are looked up in a second; it is they who would flood us.
STRANGERS_A_SECOND, STRANGERS_AT_ONCE = 20.0, 100.0
_NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Pass:
    """Shown to have been right once; whoever stores by it looks again whether it still is."""

    cluster_id: UUID
    digest: str


_known: OrderedDict[UUID, str] = OrderedDict()
_lock = threading.Lock()


def recall(cluster_id: str, authorization: str) -> Pass | None:
    """Return the pass of who was let in before, without a look at the database."""
    shown = _shown(cluster_id, authorization)
    known = _known.get(shown.cluster_id, "")
    return shown if known and hmac.compare_digest(known, shown.digest) else None


def admit(cluster_id: str, authorization: str) -> Pass:
    """Return a pass, or raise WebhookRefused: of a cluster that there is not as of a wrong token.

    Both take the same work. TooManyStrangers is raised where they come in a flood; who was let in
    before is not touched by it.
    """
    if passed := recall(cluster_id, authorization):
        return passed
    if not _gate.lets_through():
        raise TooManyStrangers(
            "Too many come here just now with tokens that are not known. Come again in a second."
        )
    shown = _shown(cluster_id, authorization)
    digests = Cluster.objects.filter(pk=shown.cluster_id).values_list("webhook_token_digest")
    (held,) = digests.first() or ("",)
    if not hmac.compare_digest(held or "none", shown.digest):
        raise WebhookRefused(REFUSAL)
    with _lock:
        _known[shown.cluster_id] = shown.digest
        while len(_known) > MOST_KNOWN:
            _known.popitem(last=False)
    return shown


def forget(refused: Pass) -> None:
    """Let in nobody by this pass again without a look."""
    with _lock:
        if _known.get(refused.cluster_id) == refused.digest:
            del _known[refused.cluster_id]


def _shown(cluster_id: str, authorization: str) -> Pass:
    try:
        about = UUID(cluster_id)
    except ValueError:
        about = _NOBODY
    return Pass(about, webhook_tokens.digest(about, _token_in(authorization)))


def _token_in(authorization: str) -> str:
    scheme, _, text = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return text.strip()
    if scheme.lower() == "basic":
        try:
            pair = base64.b64decode(text.strip(), validate=True).decode("latin-1")
        except (binascii.Error, ValueError):
            return ""
        return pair.partition(":")[2]
    return ""


class _Gate:
    """Lets so many through in a second, in this process."""

    def __init__(self) -> None:
        self._left, self._at = STRANGERS_AT_ONCE, 0.0

    def lets_through(self) -> bool:
        with _lock:
            now = time.monotonic()
            filled = self._left + (now - self._at) * STRANGERS_A_SECOND
            self._left, self._at = min(STRANGERS_AT_ONCE, filled), now
            if self._left < 1:
                return False
            self._left -= 1
            return True


_gate = _Gate()
