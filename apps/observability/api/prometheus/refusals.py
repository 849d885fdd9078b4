"""Refusals in Prometheus' own form."""

import orjson
from django.http import HttpResponse

# Prometheus' name of the trouble, and the status under which it tells it.
BY_STATUS = {
    400: ("bad_data", 400),
    401: ("unauthorized", 401),
    403: ("forbidden", 403),
    404: ("not_found", 404),
    405: ("bad_data", 405),
    406: ("bad_data", 406),
    413: ("bad_data", 413),
    415: ("bad_data", 415),
    422: ("execution", 422),
    429: ("unavailable", 429),
    502: ("unavailable", 503),
    503: ("unavailable", 503),
    504: ("timeout", 503),
}


def refusal(status: int, message: str) -> HttpResponse:
    kind, status = BY_STATUS.get(status, ("internal", 500))
    body = {"status": "error", "errorType": kind, "error": message}
    return HttpResponse(orjson.dumps(body), status=status, content_type="application/json")
