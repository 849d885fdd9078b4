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
        if not text.isdecimal() or not 1 <= int(text) <= LARGEST:
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

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        count = {"type": "integer"}
        return {
            "type": "object",
            "required": ["items", "total", "page", "page_size", "total_pages"],
            "properties": {
                "items": schema,
                "total": count,
                "page": count,
                "page_size": count,
                "total_pages": count,
            },
        }
