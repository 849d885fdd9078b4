"""A message as Slack takes it, and Mattermost and Rocket.Chat do."""

from collections.abc import Mapping
from typing import Any

import orjson

from apps.observability.telling import words

COLOURS = {"CRITICAL": "#c62828", "WARNING": "#ef6c00", "INFO": "#1565c0"}
OVER = "#2e7d32"


def write(content: Mapping[str, Any]) -> bytes:
    """Return the message. No part of it is markup, and nothing it names is fetched."""
    headline = _plain(words.headline(content))
    return orjson.dumps(
        {
            "text": headline,
            "mrkdwn": False,
            "link_names": 0,
            "unfurl_links": False,
            "unfurl_media": False,
            "attachments": [
                {
                    "fallback": headline,
                    "color": _colour(content["data"]["alerts"]),
                    "text": "\n".join(map(_plain, words.lines(content))),
                    "mrkdwn_in": [],
                }
            ],
        }
    )


def _plain(line: str) -> str:
    """Slack reads three signs however it is told to; the others go by what we break."""
    escaped = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return words.unlinked(escaped)


def _colour(alerts: list[dict[str, Any]]) -> str:
    firing = {one["severity"] for one in alerts if one["state"] == "FIRING"}
    return next((COLOURS[one] for one in COLOURS if one in firing), OVER)
