"""SQL around what the ORM has put together, for what it has no words for."""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet


def rows_of(
    sql: str, *within: QuerySet[Any, Any], parameters: Sequence[Any] = ()
) -> list[tuple[Any, ...]]:
    """Run `sql`, in which each {} stands for one of `within`, and %s after them for `parameters`.

    Nothing comes of it where one of them can find nothing, as for somebody who may see nothing.
    """
    try:
        inner = [one.query.sql_with_params() for one in within]
    except EmptyResultSet:
        return []
    said = [value for _, values in inner for value in values]
    with connection.cursor() as cursor:
        cursor.execute(sql.format(*(text for text, _ in inner)), [*said, *parameters])
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
