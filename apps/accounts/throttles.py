"""The limits at the doors of the REST API, and at those of Prometheus' API."""

import math
from typing import TYPE_CHECKING, ClassVar

from allauth.account.adapter import get_adapter
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from apps import measures
from apps.accounts import limits
from apps.accounts.limits import Bucket
from apps.errors import DomainError

if TYPE_CHECKING:
    # It reads these settings, and with them this module, while it is loaded.
    from rest_framework.views import APIView

KINDS = {"installation": "requests", "requests": "requests", "queries": "queries"}


class TooManyRequests(DomainError):
    code = "RATE_LIMITED"
    status = 429

    def __init__(self, bucket: Bucket) -> None:
        rate = bucket.rate
        whose = "All people together" if bucket.limit == "installation" else "You"
        super().__init__(
            f"{whose} may send {rate.per_minute:g} {KINDS[bucket.limit]} a minute, and "
            f"{rate.burst:g} at once. Come again in {math.ceil(bucket.wait)} s.",
            {"limit": bucket.limit},
        )
        self.wait = bucket.wait


class Throttle(BaseThrottle):
    """Counts for the person, however they signed in; a view's own `limit` counts besides.

    What an answer tells in its headers is the narrowest limit that the view has.
    """

    general: ClassVar[str] = "requests"

    def allow_request(self, request: Request, view: "APIView") -> bool:
        user = request.user
        person = f"user {user.pk}" if user.is_authenticated else f"at {_address_of(request)}"
        own: str = getattr(view, "limit", self.general)
        buckets = limits.spend({"installation": "", self.general: person, own: person})
        refused = max(
            (bucket for bucket in buckets if bucket.refused),
            key=lambda bucket: bucket.wait,
            default=None,
        )
        told = refused or next((bucket for bucket in buckets if bucket.limit == own), None)
        if told:
            # Set on the answer at its end, whatever it is.
            view.headers = {**view.headers, **told.headers}
        if refused:
            measures.limit_refused.labels(refused.limit).inc()
            raise TooManyRequests(refused)
        return True


def _address_of(request: Request) -> str:
    return str(get_adapter().get_client_ip(request._request))  # noqa: SLF001 - allauth wants Django's
