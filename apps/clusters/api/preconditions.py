"""`ETag` and `If-Match`: a change is made only to the description that its sender has read."""

import re

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from apps.errors import Problem

ONLY_IF = OpenApiParameter(
    "If-Match",
    location=OpenApiParameter.HEADER,
    description="the ETag of what you have read; of anything else 412 is answered",
)
TAG = OpenApiParameter(
    "ETag",
    location=OpenApiParameter.HEADER,
    response=["200", "201"],
    description="names what you have read, for If-Match",
)
CHANGED = OpenApiResponse(
    Problem, description="Somebody changed it since; `details.etag` is that of today."
)

# One entity tag or none, and what divides it from the next; see RFC 9110, section 8.8.3.
_ENTRY = re.compile(r'[ \t]*(?:(W/)?"([\x21\x23-\x7e\x80-\xff]*)"[ \t]*)?(?:,|\Z)')
_GENERATION = re.compile(r"[1-9][0-9]{0,18}\Z", re.ASCII)


def generations_read(request: Request) -> frozenset[int] | None:
    """Return the generations that the sender would change; None stands for any.

    A weak tag matches nothing, and neither does one that we never gave.
    """
    text = request.headers.get("If-Match")
    if text is None or text.strip() == "*":
        return None
    tags = _tags_of(text)
    if not tags:
        raise ValidationError({"If-Match": 'must be * or the ETag of the answer: "3"'})
    return frozenset(int(tag) for weak, tag in tags if not weak and _GENERATION.match(tag))


def _tags_of(text: str) -> list[tuple[str, str]]:
    """Return (weak, tag) of each entry; nothing at all where one of them is malformed."""
    tags, place = [], 0
    while place < len(text):
        entry = _ENTRY.match(text, place)
        if entry is None:
            return []
        if entry[2] is not None:
            tags.append((entry[1] or "", entry[2]))
        place = entry.end()
    return tags
