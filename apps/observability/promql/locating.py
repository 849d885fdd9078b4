"""Where in a query the mistake is: the parser says what is wrong, but not where."""

import re
from itertools import islice

from promql_parser import parse

from apps.observability.promql.lexing import Token

_QUOTED = re.compile(r"'([^']+)'")
_CLOSERS = {"(": ")", "[": "5m]", "{": "}"}
# Trying is quadratic: a long text goes without.
_MOST_TRIES, _MOST_TOKENS = 100, 300
_GRAMMAR = ("invalid promql query", "no expression found", "unexpected", "unclosed")


def place(message: str, tokens: list[Token], text: str) -> int | None:
    """Return the offset of what the message is about, or None where it cannot be said."""
    if not message.startswith(_GRAMMAR):
        return _named(message, tokens)
    if len(tokens) > _MOST_TOKENS:
        return None
    # The first token that no query could have at this place.
    for count in islice(range(len(tokens), 0, -1), _MOST_TRIES):
        if _can_go_on(tokens[:count], text):
            return tokens[count].start if count < len(tokens) else len(text)
    return tokens[0].start if len(tokens) <= _MOST_TRIES else None


def _named(message: str, tokens: list[Token]) -> int | None:
    names = set(_QUOTED.findall(message))
    for token in tokens:
        if token.text in names or (token.kind == "string" and token.text[1:-1] in message):
            return token.start
    return None


def _can_go_on(tokens: list[Token], text: str) -> bool:
    opened: list[str] = []
    for token in tokens:
        if token.kind == "open":
            opened.append(token.text)
        elif token.kind == "close":
            opened.pop()
    beginning = text[: tokens[-1].end]
    closing = "".join(_CLOSERS[one] for one in reversed(opened))
    return any(_parses(f"{beginning} {more}{closing}") for more in ("", "x", "(x)", '="x"'))


def _parses(text: str) -> bool:
    try:
        parse(text)
    except ValueError as failure:
        # What is wrong with types is not wrong with the grammar.
        return not str(failure).startswith(_GRAMMAR)
    return True
