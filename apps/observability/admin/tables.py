"""Small tables on the pages of the admin. What clusters say goes into them as text alone."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

NOTHING = "-"


def pairs(said: Mapping[str, Any]) -> SafeString | str:
    """Labels or annotations, one in each row, by name."""
    rows = format_html_join("", "<tr><th scope='row'>{}</th><td>{}</td></tr>", sorted(said.items()))
    return format_html("<table class='by-row'>{}</table>", rows) if rows else NOTHING


def rows(heads: Sequence[str], lines: Iterable[Sequence[object]]) -> SafeString | str:
    """Rows of cells under heads, or a dash where there are none."""
    cells = [
        format_html("<tr>{}</tr>", format_html_join("", "<td>{}</td>", ((one,) for one in line)))
        for line in lines
    ]
    if not cells:
        return NOTHING
    head = format_html_join("", "<th scope='col'>{}</th>", ((one,) for one in heads))
    body = mark_safe("".join(cells))  # noqa: S308 - each is escaped above
    return format_html(
        "<div class='wide'><table><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>",
        head,
        body,
    )


def moment(at: datetime | None, never: str = "never") -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at else never


def badge(tone: str, word: str) -> SafeString:
    return format_html('<span class="badge badge-{}">{}</span>', tone, word)
