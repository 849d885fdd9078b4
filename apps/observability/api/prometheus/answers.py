"""Answers as Prometheus writes them, whole or as they grow."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import orjson
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from apps.observability.queries.asking import Coverage
from apps.observability.queries.fleet import Worked
from apps.observability.queries.splicing import Splicing

JSON = "application/json"
# Of how many clusters the answer is; what the others said stands among the warnings.
COVERAGE = "X-AIOps-Clusters"


def plain(data: Any, coverage: Coverage | None = None) -> HttpResponse:
    """An answer whose `data` are no samples."""
    return whole(orjson.dumps(data), coverage or Coverage(0))


def whole(data: bytes, coverage: Coverage) -> HttpResponse:
    body = b'{"status":"success","data":' + data + remarks(coverage) + b"}"
    response = HttpResponse(body, content_type=JSON)
    response[COVERAGE] = f"{coverage.answered}/{coverage.asked}"
    return response


def worked(answer: Worked) -> HttpResponse:
    return whole(_head(answer.result_type) + answer.result + b"}", answer.coverage)


def spliced(request: HttpRequest, answer: Splicing) -> HttpResponseBase:
    """Wait for what is small; send what is large as it comes, so that it is never held as one.

    An answer that goes on its way before it is all there cannot say in a header who failed; its
    warnings, which come last, do.
    """
    head = _head(answer.result_type)
    if answer.hold():
        return whole(head + b"[" + answer.held() + b"]}", answer.coverage)
    begun = b'{"status":"success","data":' + head + b"["
    # The test client and WSGI take no asynchronous body, and ASGI would collect any other.
    growing = _growing_here if isinstance(request, ASGIRequest) else _growing
    return StreamingHttpResponse(growing(begun, answer), content_type=JSON)


def remarks(coverage: Coverage) -> bytes:
    said = b""
    for name, lines in (("warnings", coverage.warnings), ("infos", coverage.infos)):
        if lines:
            said += b',"%s":%s' % (name.encode(), orjson.dumps(lines))
    return said


def _growing(begun: bytes, answer: Splicing) -> Iterator[bytes]:
    try:
        yield begun
        yield answer.held()
        yield from answer.rest()
        yield b"]}" + remarks(answer.coverage) + b"}"
    finally:
        answer.close()


async def _growing_here(begun: bytes, answer: Splicing) -> AsyncIterator[bytes]:
    try:
        yield begun
        yield answer.held()
        async for chunk in answer.rest_here():
            yield chunk
        yield b"]}" + remarks(answer.coverage) + b"}"
    finally:
        answer.close()


def _head(result_type: str) -> bytes:
    return b'{"resultType":"%s","result":' % result_type.encode()
