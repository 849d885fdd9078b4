"""What an action refuses is a sentence above the page, and nothing of it has happened."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.contrib import admin, messages
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from apps.errors import DomainError

Row = TypeVar("Row", bound=Model)


class PlainRefusals(admin.ModelAdmin[Row]):
    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        view = super().changeform_view
        return _attempt(self, request, lambda: view(request, object_id, form_url, extra_context))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        view = super().changelist_view
        return _attempt(self, request, lambda: view(request, extra_context))

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        view = super().delete_view
        return _attempt(self, request, lambda: view(request, object_id, extra_context))


def _attempt(
    page: PlainRefusals[Row], request: HttpRequest, view: Callable[[], HttpResponse]
) -> HttpResponse:
    """Outside the view's own transaction, so what it began is taken back by now."""
    if request.method != "POST":
        return view()
    try:
        return view()
    except DomainError as refused:
        page.message_user(request, refused.message, messages.ERROR)
        return redirect(request.get_full_path())
