"""The schema of a page of something, for the OpenAPI document."""

from functools import cache

from pydantic import BaseModel, create_model


@cache
def list_of(item: type[BaseModel]) -> type[BaseModel]:
    return create_model(
        f"{item.__name__}Page",
        items=(list[item], ...),  # type: ignore[valid-type]
        total=(int, ...),
        page=(int, ...),
        page_size=(int, ...),
        total_pages=(int, ...),
    )
