"""Bodies of requests are bounded here: DRF reads them past Django's own limit."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from aiops import problems


class BodyLimitMiddleware:
    """Refuse by the announced length; a body without one is read by nobody."""

    def __init__(self, next_handler: Callable[[HttpRequest], HttpResponse]) -> None:
        self.next_handler = next_handler

    def __call__(self, request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdecimal() and int(length) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            return problems.too_large(request, settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
        return self.next_handler(request)
