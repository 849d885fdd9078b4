"""PromQL cut into tokens: what must be known of a text before it is parsed, and where things are.

The parser is quadratic in nesting and in chains and names no positions; a text is read here first.
"""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from apps.observability.errors import InvalidPromQL
from apps.observability.promql import naming

_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+|\#[^\n]*)
    |(?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    |(?P<raw>`[^`]*`)
    |(?P<number>(?:0[xX][0-9a-fA-F]+|\.?[0-9](?:[eE][+-][0-9]|[0-9a-zA-Z_.])*))
    |(?P<word>[a-zA-Z_:][a-zA-Z0-9_:]*)
    |(?P<open>[(\[{])
    |(?P<close>[)\]}])
    |(?P<operator>=~|!~|==|!=|<=|>=|[-+*/%^<>=@])
    |(?P<comma>,)""",
    re.VERBOSE,
)
_PAIRS = {"(": ")", "[": "]", "{": "}"}
_SPOKEN = {"and", "or", "unless", "atan2"}
# Escapes for single bytes that no text in UTF-8 has: the parser would read them as letters.
_BYTE = re.compile(r"\\(?:\\|x[89a-fA-F]|[23][0-7]{2})")
# The longest that a float is, written out; the parser takes a second for thousands of digits.
_LONGEST_NUMBER = 400
_LONG_DURATION = re.compile(r"[0-9]{10,}[a-z]")
_DOUBLED = re.compile(r"\\(\\|.)")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)

    @property
    def joins(self) -> bool:
        """Whether this may stand between two operands (or before one)."""
        return self.kind == "operator" or self.text.lower() in _SPOKEN


def refuse(message: str, text: str, at: int | None = None) -> InvalidPromQL:
    """Return the refusal, with line and column (both from 1) where the place is known."""
    if at is None:
        return InvalidPromQL(message)
    line, column = text.count("\n", 0, at) + 1, at - (text.rfind("\n", 0, at) + 1) + 1
    return InvalidPromQL(
        f"{line}:{column}: {message}", {"line": line, "column": column, "position": at}
    )


def cut(text: str) -> list[Token]:
    """Return the tokens but spaces and comments; refuse what no query has."""
    if found := _CONTROL.search(text):
        raise refuse("this character cannot be part of a query; take it out", text, found.start())
    return list(_cut(text))


def _cut(text: str) -> Iterator[Token]:
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None or found.lastgroup is None:
            yield _single(text, at)
            at += 1
            continue
        if found.lastgroup != "space":
            yield _checked(Token(found.lastgroup, found[0], at), text)
        at = found.end()


def _single(text: str, at: int) -> Token:
    if text[at] in "\"'`":
        raise refuse("this text is not closed; close its quotes", text, at)
    if text[at] in ":.$?!":
        return Token("other", text[at], at)
    raise refuse(f"unexpected character {text[at]!r}; take it out", text, at)


def _checked(token: Token, text: str) -> Token:
    for found in _BYTE.finditer(token.text if token.kind == "string" else ""):
        if found[0] != "\\\\":
            raise refuse(
                "a text is UTF-8; write the letter itself, not one of its bytes",
                text,
                token.start + found.start(),
            )
    if token.kind == "number" and (
        len(token.text) > _LONGEST_NUMBER or _LONG_DURATION.search(token.text)
    ):
        raise refuse("this number is too long; shorten it", text, token.start)
    return token


def check_brackets(tokens: list[Token], text: str, most: int) -> None:
    """Refuse brackets that do not match, and more than `most` of them inside each other."""
    stack: list[Token] = []
    for token in tokens:
        if token.kind == "open":
            stack.append(token)
            if len(stack) > most:
                raise refuse(
                    f"more than {most} brackets inside each other; simplify the query",
                    text,
                    token.start,
                )
        elif token.kind == "close" and (not stack or _PAIRS[stack.pop().text] != token.text):
            raise refuse(f"this {token.text!r} closes nothing", text, token.start)
    if stack:
        raise refuse(f"this {stack[-1].text!r} is never closed", text, stack[-1].start)


def check_times(tokens: list[Token], text: str) -> None:
    """Refuse `@` with a time before 1970, which the parser would read as 1970."""
    for before, after in itertools.pairwise(tokens):
        if before.text == "@" and after.text == "-":
            raise refuse("a time before 1970 cannot be asked for", text, after.start)


def count_joins(tokens: list[Token]) -> int:
    """Count the operators, those in braces not."""
    depth = joins = 0
    for token in tokens:
        depth += (token.text == "{") - (token.text == "}")
        joins += depth == 0 and token.joins
    return joins


def with_plain_strings(tokens: list[Token], text: str) -> str:
    """Write raw texts (in backticks) with quotes: the parser sees escapes in them."""
    pieces, at = [], 0
    for token in tokens:
        if token.kind == "raw":
            pieces += [text[at : token.start], naming.quoted(token.text[1:-1])]
            at = token.end
    return "".join([*pieces, text[at:]])


def expressions(tokens: list[Token]) -> list[str]:
    """Return the regular expressions, as the parser will read them."""
    return [
        _unquoted(after)
        for before, after in itertools.pairwise(tokens)
        if before.text in ("=~", "!~") and after.kind in ("string", "raw")
    ]


def _unquoted(token: Token) -> str:
    if token.kind == "raw":
        return token.text[1:-1]
    # Any other escape is for one letter, and weighs what a letter does.
    return _DOUBLED.sub(lambda found: found[1], token.text[1:-1])
