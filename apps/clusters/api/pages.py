"""Pages of something that is no list of the view itself, for the OpenAPI document."""

from functools import cache
from typing import Any

from drf_spectacular.utils import OpenApiParameter
from pydantic import BaseModel, create_model
from rest_framework.settings import api_settings


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


def parameters() -> list[OpenApiParameter]:
    """What a request for a page may say."""
    paginator: Any = api_settings.DEFAULT_PAGINATION_CLASS
    described = paginator().get_schema_operation_parameters(None)
    return [OpenApiParameter(one["name"], one["schema"]) for one in described]
