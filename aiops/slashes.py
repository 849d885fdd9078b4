"""Every API path answers with and without a trailing slash, and no POST is ever redirected."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

NextHandler = Callable[[HttpRequest], HttpResponse]


class TrailingSlashMiddleware:
    def __init__(self, next_handler: NextHandler) -> None:
        self.next_handler = next_handler

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith("/api/") and request.path_info.endswith("/"):
            request.path_info = request.path_info.rstrip("/")
        return self.next_handler(request)
