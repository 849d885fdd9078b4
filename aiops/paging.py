"""Lists come in pages: `{items, total, page, page_size, total_pages}`."""

from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request
from rest_framework.response import Response

LARGEST = 100


class NumberedPages(PageNumberPagination):
    page_size = 20
    page_size_query_param = "page_size"
    max_page_size = LARGEST
    invalid_page_message = "There is no page {page_number}."

    def get_page_size(self, request: Request) -> int:
        """Refuse nonsense instead of answering another page than was asked for."""
        text = request.query_params.get("page_size", str(self.page_size))
        # A number of thousands of digits is one that Python refuses to read.
        if not text.isdecimal() or len(text) > 9 or not 1 <= int(text) <= LARGEST:
            raise ValidationError({"page_size": f"must be a number from 1 to {LARGEST}"})
        return int(text)

    def get_paginated_response(self, data: Any) -> Response:
        assert self.page is not None  # noqa: S101 - set by paginate_queryset before
        return Response(
            {
                "items": data,
                "total": self.page.paginator.count,
                "page": self.page.number,
                "page_size": self.page.paginator.per_page,
                "total_pages": self.page.paginator.num_pages,
            }
        )

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        page = {"type": "integer", "minimum": 1, "default": 1}
        size = {"type": "integer", "minimum": 1, "maximum": LARGEST, "default": self.page_size}
        return [
            {"name": "page", "in": "query", "required": False, "schema": page},
            {"name": "page_size", "in": "query", "required": False, "schema": size},
        ]

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        example = {"total": 1, "page": 1, "page_size": self.page_size, "total_pages": 1}
        counts = {
            name: {"type": "integer", "minimum": 0, "example": number}
            for name, number in example.items()
        }
        return {
            "type": "object",
            "required": ["items", *counts],
            "properties": {"items": schema, **counts},
        }
