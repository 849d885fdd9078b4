"""Tokens of the reader that end, as `kubectl create token` makes them: JWTs, signed and dated.

The claims are those of Kubernetes' bound service account tokens. A real API server signs with a
key pair of its own; here the reader's lasting token is the key, which both sides know.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from apps.simulator.kube.extras import READER_NAMESPACE

READER = "aiops-reader"


def mint(secret: str, now: float, seconds: float) -> str:
    """Return a token that is good for `seconds` from `now` on."""
    header = {"alg": "HS256", "typ": "JWT"}
    claims = {
        "aud": ["https://kubernetes.default.svc"],
        "exp": int(now + seconds),
        "iat": int(now),
        "iss": "https://kubernetes.default.svc",
        "kubernetes.io": {"namespace": READER_NAMESPACE, "serviceaccount": {"name": READER}},
        "nbf": int(now),
        "sub": f"system:serviceaccount:{READER_NAMESPACE}:{READER}",
    }
    body = f"{_encode(header)}.{_encode(claims)}"
    return f"{body}.{_sign(secret, body)}"


def is_good(secret: str, token: str, now: float) -> bool:
    """Whether `token` was minted with `secret` and has not ended."""
    body, _, signature = token.rpartition(".")
    if not hmac.compare_digest(signature.encode(), _sign(secret, body).encode()):
        return False
    claims = json.loads(base64.urlsafe_b64decode(f"{body.partition('.')[2]}=="))
    return bool(claims["nbf"] <= now < claims["exp"])


def _encode(part: Mapping[str, Any]) -> str:
    return _base64(json.dumps(part, separators=(",", ":")).encode())


def _sign(secret: str, body: str) -> str:
    return _base64(hmac.new(secret.encode(), body.encode(), hashlib.sha256).digest())


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
