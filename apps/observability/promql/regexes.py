"""What a regular expression will cost, before anything compiles it.

The parser compiles every one in a query, with classes of Unicode: `\\w{1000}` takes it half a
second, and 8 KiB have room for hundreds of them.
"""

import re

# In microseconds of the parser, measured and rounded up.
MOST = 60_000
_LITERAL, _CLASS, _UNICODE = 1, 10, 500
_PIECE = re.compile(
    r"\\[pP](?:\{[^}]*\}|.)|\\.|\[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*\]"
    r"|\{\s*(?P<least>\d*)\s*(?:,\s*(?P<most>\d*)\s*)?\}|.",
    re.DOTALL,
)
# RE2 has no such mode, where blanks and remarks may stand in a repetition.
_SPACED = re.compile(r"\(\?[a-zA-Z-]*x")
# Nor has it classes within classes, which the parser would see.
_NESTED = re.compile(r"\[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\\[])*\[(?!:)", re.DOTALL)


def cost(pattern: str) -> int:
    """Estimate what compiling takes; each repetition is as much as its text written out."""
    if _SPACED.search(pattern):
        return MOST + 1
    # For each open group: what it costs so far, and its last piece by itself.
    groups = [[0, 0]]
    # Without regard to case every letter is a class.
    letter = _CLASS if "(?" in pattern and "i" in pattern else _LITERAL
    for found in _PIECE.finditer(pattern):
        piece = found[0]
        if piece == "(":
            groups.append([0, 0])
        elif piece == ")" and len(groups) > 1:
            inside = sum(groups.pop())
            _add(groups[-1], inside)
        elif found["least"] is not None:
            groups[-1][1] *= max(int(found["least"] or 0), int(found["most"] or 0), 1)
        elif piece not in "*+?":
            _add(groups[-1], _piece_cost(piece, letter))
        if sum(groups[-1]) > MOST:
            return MOST + 1
    return sum(map(sum, groups))


def _add(group: list[int], piece: int) -> None:
    group[0] += group[1]
    group[1] = piece


def _piece_cost(piece: str, letter: int) -> int:
    if _NESTED.match(piece):
        return MOST + 1
    if piece.startswith("["):
        return _CLASS + (_UNICODE if re.search(r"\\[pPwWdDsS]|\[:", piece) else len(piece))
    if len(piece) > 1 and piece[1] in "pPwWdDsS":
        return _UNICODE
    return _CLASS if piece == "." else letter
