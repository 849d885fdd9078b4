"""Output in lines and cells: a comma and a space tell cells apart, and nothing is quoted."""

import re

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
