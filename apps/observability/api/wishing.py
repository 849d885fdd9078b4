"""Doors that read `Cache-Control` and tell `Age`, as caches do."""

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.views import APIView

from apps.observability.federation import wishes
from apps.observability.federation.wishes import Wishes

# A reload of a page says max-age=0, and does not mean it of each number on it.
_FRESH = {"no-cache", "no-store"}


class WishingView(APIView):
    """A view fills in what else is wished, as soon as it has read it."""

    wishes: Wishes

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        said = request.headers.get("Cache-Control", "").lower()
        fresh = bool(_FRESH & {word.strip() for word in said.split(",")})
        with wishes.granted(Wishes(fresh)) as self.wishes:
            response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        # What is still growing may yet meet an older one.
        if self.wishes.oldest is not None and not response.streaming:
            response["Age"] = str(int(self.wishes.oldest))
        return response
