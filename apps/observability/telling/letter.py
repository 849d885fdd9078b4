"""A notification as a letter: plain text, nothing to fetch."""

from collections.abc import Mapping
from typing import Any

from apps.observability.telling import words


def subject(content: Mapping[str, Any]) -> str:
    return words.headline(content)


def text(content: Mapping[str, Any]) -> str:
    route = content["data"]["route"]
    why = f'You get this by the route "{words.line_of(route, 100)}".' if route else ""
    return "\n".join([words.headline(content), "", *words.lines(content), "", why])
