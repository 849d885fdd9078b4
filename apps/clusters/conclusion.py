"""What is concluded about one ability of a cluster, and the sentence it was concluded from."""

from collections.abc import Sequence
from dataclasses import dataclass

SHOWN = 3

Value = bool | int | str | list[str] | None


@dataclass(frozen=True, slots=True)
class Conclusion:
    """`value` None means unknown; `because` says from what, or what kept us from knowing."""

    value: Value
    because: str


def name_some(noun: str, names: Sequence[str]) -> str:
    """'5 nodes (a, b, c and 2 more)': enough to look there, short enough to read."""
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    counted = f"{len(names):,} {noun if len(names) == 1 else plural}"
    if not names:
        return counted
    shown, rest = ", ".join(names[:SHOWN]), len(names) - SHOWN
    return f"{counted} ({shown} and {rest:,} more)" if rest > 0 else f"{counted} ({shown})"
