"""YAML of strangers, read event by event into plain dicts, lists and texts, within bounds.

No object is ever constructed from a tag, nothing is shared by an alias, and the parser stops at
the first event past a bound. Nothing of the text is quoted in a refusal: it may be a secret.
"""

from dataclasses import dataclass
from typing import TypeAlias

import yaml

MOST_BYTES = 1024 * 1024
DEEPEST = 20
# Some 300 of them are read in a millisecond; a kubeconfig of 300 contexts has fewer.
MOST_NODES = 10_000
NOTHING = {"", "~", "null", "Null", "NULL"}

Value: TypeAlias = "str | list[Value] | dict[str, Value] | None"


class NotPlain(Exception):
    """The text is not YAML as we take it; the message is a sentence about all of it."""


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not come yet; `key` waits for its value."""

    held: list[Value] | dict[str, Value]
    key: str | None = None

    def add(self, value: Value, event: yaml.NodeEvent) -> None:
        if isinstance(self.held, list):
            self.held.append(value)
        elif self.key is not None:
            self.held[self.key] = value
            self.key = None
        elif not isinstance(value, str):
            raise NotPlain(f"Line {_line(event)} has a key that is no text.")
        elif value in self.held:
            raise NotPlain(f"Line {_line(event)} has a key for the second time.")
        else:
            self.key = value


def read(text: str) -> Value:
    """Return what the one document of `text` says, or raise NotPlain."""
    try:
        return _build(_bounded(text))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" at line {mark.line + 1}" if mark else ""
        raise NotPlain(f"It is not valid YAML{place}.") from None


def _bounded(text: str) -> bytes:
    try:
        raw = text.encode()
    except UnicodeEncodeError:
        raise NotPlain("It has characters that are none.") from None
    if len(raw) > MOST_BYTES:
        raise NotPlain(f"It is larger than {MOST_BYTES // 1024} KiB.")
    before, tab, _ = text.partition("\t")
    if tab:
        line = before.count("\n") + 1
        raise NotPlain(f"Line {line} has a tab. Write blanks: YAML is indented by them alone.")
    return raw


def _build(raw: bytes) -> Value:
    documents: list[Value] = []
    stack = [_Open(documents)]
    nodes = 0
    for event in yaml.parse(raw, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionEndEvent):
            stack.pop()
        elif isinstance(event, yaml.NodeEvent):
            nodes += 1
            if nodes > MOST_NODES:
                raise NotPlain(f"It has more than {MOST_NODES:,} entries.")
            _take(event, stack)
        if len(documents) > 1:
            raise NotPlain("It holds more than one document. Import them one by one.")
    return documents[0] if documents else None


def _take(event: yaml.NodeEvent, stack: list[_Open]) -> None:
    if event.anchor is not None:
        raise NotPlain(f"Line {_line(event)} has an anchor or alias (& or *). Write it all out.")
    if getattr(event, "tag", None) is not None:
        raise NotPlain(f"Line {_line(event)} has a tag (!). Remove it.")
    if isinstance(event, yaml.ScalarEvent):
        # Only what is written without quotes can mean "nothing".
        empty = event.implicit[0] and event.value in NOTHING
        stack[-1].add(None if empty else event.value, event)
        return
    held: list[Value] | dict[str, Value] = [] if isinstance(event, yaml.SequenceStartEvent) else {}
    stack[-1].add(held, event)
    stack.append(_Open(held))
    if len(stack) > DEEPEST:
        raise NotPlain(f"Line {_line(event)} is nested deeper than {DEEPEST} levels.")


def _line(event: yaml.NodeEvent) -> int:
    return event.start_mark.line + 1 if event.start_mark else 0
