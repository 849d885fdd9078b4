"""Output in lines and cells: a comma and a space tell cells apart, and nothing is quoted."""

import re

from apps.observability.sources.nvidia_smi import refusals

SEPARATOR = ", "
# A name of a column and its unit. Two names that have grown together are neither.
_COLUMN = re.compile(r"(?P<name>[A-Za-z0-9_.]{1,100})(?: \[(?P<unit>[A-Za-z%/]{1,8})\])?")


def whole(output: bytes | str) -> tuple[list[str], list[str]]:
    """Return the lines that have ended, and what is wrong where the last one has not.

    One without an end may have lost some of its last figure.
    """
    text = output.decode("utf-8", "replace") if isinstance(output, bytes) else output
    *ended, rest = text.split("\n")
    found = [line.removesuffix("\r") for line in ended if line.strip()]
    return found, ["nvidia-smi's output breaks off within a line"] if rest.strip() else []


def columns(row: list[str]) -> list[tuple[str, str]] | None:
    """Return each column's name and unit, None where one of them is no name."""
    found = [_COLUMN.fullmatch(cell.strip()) for cell in row]
    return None if None in found else [(one["name"], one["unit"] or "") for one in found if one]


def beside_strays(said: list[str]) -> set[int]:
    """Return the places of the rows next to a line that is no row and nothing nvidia-smi says.

    Such a line may be the piece that a row has lost, at its beginning or at its end.
    """
    strays = [
        place
        for place, line in enumerate(said)
        if SEPARATOR not in line and not refusals.is_known(line)
    ]
    return {beside for place in strays for beside in (place - 1, place + 1)}
