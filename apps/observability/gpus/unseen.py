"""Cards that the driver counts and cannot reach, and of which nothing but the address is known.

There is no card to show: what is wrong is said of their node.
"""

from collections.abc import Iterable

from apps.observability.gpus.health import REBOOT, Finding
from apps.observability.gpus.xids import Severity


def judge(lost: Iterable[str], known: Iterable[str | None]) -> tuple[Finding, ...]:
    """Return what to know of a node; `known` are the addresses of cards that were ever read."""
    seen = {*known}
    unseen = [one for one in dict.fromkeys(lost) if one not in seen]
    if not unseen:
        return ()
    words = f"The card at {unseen[0]} does not answer: nvidia-smi cannot reach it"
    if len(unseen) > 1:
        places = ", ".join(unseen)
        words = f"{len(unseen)} cards do not answer: nvidia-smi cannot reach those at {places}"
    return (Finding("NO_ANSWER", Severity.CRITICAL, words, REBOOT),)
