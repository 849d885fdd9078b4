"""Small tables on the pages of the admin. What clusters say goes into them as text alone."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Model
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

NOTHING = "-"


def pairs(said: Mapping[str, Any]) -> SafeString | str:
    """Labels or annotations, one in each row, by name."""
    rows = format_html_join("", "<tr><th scope='row'>{}</th><td>{}</td></tr>", sorted(said.items()))
    return format_html("<table class='by-row'>{}</table>", rows) if rows else NOTHING


def rows(
    heads: Sequence[str], lines: Iterable[Sequence[object]], nothing: str = NOTHING
) -> SafeString | str:
    """Rows of cells under heads, or `nothing` where there are none."""
    cells = [
        format_html("<tr>{}</tr>", format_html_join("", "<td>{}</td>", ((one,) for one in line)))
        for line in lines
    ]
    if not cells:
        return nothing
    head = format_html_join("", "<th scope='col'>{}</th>", ((one,) for one in heads))
    body = mark_safe("".join(cells))  # noqa: S308 - each is escaped above
    return format_html(
        "<div class='wide'><table class='cards'><thead><tr>{}</tr></thead>"
        "<tbody>{}</tbody></table></div>",
        head,
        body,
    )


def lines(said: Sequence[str]) -> SafeString | str:
    """Sentences, each a line of its own."""
    return format_html_join("", "<div>{}</div>", ((one,) for one in said)) or NOTHING


def moment(at: datetime | None, never: str = "never") -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at else never


def brief(at: datetime | None, never: str = "never") -> str:
    """As `moment`, for a column of a list whose head says that it is UTC."""
    if at is None:
        return never
    today = at.date() == timezone.now().date()
    return f"{at:%H:%M:%S}" if today else f"{at:%Y-%m-%d %H:%M}"


def link(row: Model, word: object) -> SafeString:
    """Lead to the admin's page of a row."""
    place = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"  # noqa: SLF001 - Django's own name
    return format_html('<a href="{}">{}</a>', reverse(place, args=[row.pk]), word)


def badge(tone: str, word: str) -> SafeString:
    return format_html('<span class="badge badge-{}">{}</span>', tone, word)
