"""What may be written into a cluster's fields; the models, the forms and the API share these."""

import re
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError

from apps.http import Refusal, is_usable, refuse_beforehand

_LABEL_VALUE = re.compile(r"^([A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?)?\Z", re.ASCII)
_LABEL_NAME = re.compile(r"^[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?\Z", re.ASCII)
_LABEL_PREFIX = re.compile(r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?\Z")
_HOST_LABEL = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
# What a certificate can be asked to carry.
HOST_NAME = rf"^{_HOST_LABEL}(\.{_HOST_LABEL})*\Z"
LONGEST_HOST_NAME = 253
_NAMESPACE = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
MOST_LABELS = 64
MOST_NAMESPACES = 100


def check_api_server_url(url: str) -> None:
    check_endpoint_url(url)
    if urlsplit(url).scheme != "https" and not settings.ALLOW_INSECURE_UPSTREAMS:
        raise ValidationError(
            "Use https. This installation does not allow API servers over plain http "
            "(AIOPS_ALLOW_INSECURE_UPSTREAMS)."
        )


def check_endpoint_url(url: str) -> None:
    """Refuse what is no plain http(s) address. A password in it would end up on pages and logs."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValidationError("This is not a valid URL.") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        raise ValidationError("Write a URL such as https://api.example.net:6443")
    refusal = refuse_beforehand(url) if is_usable(url) else Refusal.NOWHERE
    if refusal is not None:
        why = "" if refusal == Refusal.NOWHERE else f": {refusal}"
        raise ValidationError(f"No cluster can be at this address{why}.")
    if "@" in parts.netloc:
        raise ValidationError("Leave user and password out of the URL; store a credential.")
    if parts.query or parts.fragment or re.search(r"[\s\x00-\x1f\\]", url):
        raise ValidationError("Leave query, fragment and blanks out of the URL.")


def check_namespace(name: str) -> None:
    if not _NAMESPACE.fullmatch(name):
        raise ValidationError(
            "A namespace is 1 to 63 lower-case letters, digits and hyphens, such as shop-prod."
        )


def check_labels(labels: Any) -> None:
    """Kubernetes label syntax; see the API concepts, "Labels and Selectors"."""
    if not isinstance(labels, dict):
        raise ValidationError('Labels are an object of texts: {"team": "red"}')
    if len(labels) > MOST_LABELS:
        raise ValidationError(f"At most {MOST_LABELS} labels, please.")
    for key, value in labels.items():
        prefix, slash, name = key.rpartition("/")
        if not _LABEL_NAME.match(name) or (slash and not _LABEL_PREFIX.match(prefix)):
            raise ValidationError(f"{key!r} is not a valid label key.")
        if not isinstance(value, str) or not _LABEL_VALUE.match(value):
            raise ValidationError(f"The value of label {key!r} is not a valid label value.")
