"""The log: one line an event, with the request's id in it and everything secret masked."""

import logging.config
import random
import re
from collections.abc import Callable
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse

from apps.masking import mask

_REQUEST_ID = re.compile(r"[\w.-]{8,64}", re.ASCII)


def _mask_all(_: object, __: str, event: dict[str, Any]) -> dict[str, Any]:
    return {key: mask(value) if isinstance(value, str) else value for key, value in event.items()}


class _MaskedLine(structlog.stdlib.ProcessorFormatter):
    """Masks the finished line, so that no processor before it can let something through."""

    def format(self, record: logging.LogRecord) -> str:
        return mask(super().format(record))


def configure(config: dict[str, Any]) -> None:
    """Set up logging; Django calls it with settings.LOGGING: `{"json": bool, "level": name}`."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _mask_all,
    ]
    if config["json"]:
        shared.append(structlog.processors.format_exc_info)
        last: Any = structlog.processors.JSONRenderer()
    else:
        plain = structlog.dev.plain_traceback
        last = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=plain)
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "line": {
                    "()": _MaskedLine,
                    "foreign_pre_chain": shared,
                    "processors": [
                        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                        last,
                    ],
                }
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
            "root": {"handlers": ["stderr"], "level": config["level"]},
            "loggers": {
                # They tell every request and every frame; our own lines say what matters.
                "httpx2": {"level": "WARNING"},
                "httpcore2": {"level": "WARNING"},
                "daphne.ws_protocol": {"level": "WARNING"},
                "daphne.http_protocol": {"level": "WARNING"},
                "celery.app.trace": {"level": "WARNING"},
                "celery.worker.strategy": {"level": "WARNING"},
                "celery.beat": {"level": "WARNING"},
                "django_celery_beat": {"level": "WARNING"},
            },
        }
    )


class RequestIdMiddleware:
    """Take or make the request's id; log lines, errors and the answer carry it."""

    def __init__(self, next_handler: Callable[[HttpRequest], HttpResponse]) -> None:
        self.next_handler = next_handler

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = request_id_of(request.headers.get("X-Request-ID", ""))
        structlog.contextvars.bind_contextvars(request_id=request_id)
        try:
            response = self.next_handler(request)
        finally:
            structlog.contextvars.unbind_contextvars("request_id")
        response["X-Request-ID"] = request_id
        return response


def request_id_of(given: str) -> str:
    """Return the id that a request brought, or a new one."""
    return given if _REQUEST_ID.fullmatch(given) else _new_id()


def current_request_id() -> str:
    found = structlog.contextvars.get_contextvars().get("request_id")
    return str(found) if found else _new_id()


def _new_id() -> str:
    # It names a request and opens nothing, so the system need not be asked for better chance.
    return f"{random.getrandbits(128):032x}"
