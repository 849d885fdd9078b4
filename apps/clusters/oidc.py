"""Asks an identity provider for the token that signs in at a cluster, by two grants of OAuth 2.0.

Nothing of it is kept here, and no sentence holds a secret, not even one that is thrown back.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus, urlsplit

import orjson
from django.conf import settings
from django.core.exceptions import ValidationError

from apps.clusters import expiry
from apps.clusters.rules import check_endpoint_url
from apps.clusters.vault.secrets import Secrets
from apps.http import MIB, Call, Reply, Unreachable, Upstream, ask
from apps.masking import quotable

METADATA = "/.well-known/openid-configuration"
LONGEST_ANSWER = MIB
LONGEST_SENTENCE = 300
# Tokens that do not say how long they live are asked for anew this often.
ASSUMED_LIFETIME = 300.0
# However long a token lives, a refresh token that nobody uses may be forgotten meanwhile.
LONGEST_PAUSE = 86_400.0
SHORTEST_PAUSE, SPARE = 10.0, 60.0
_SENDABLE = re.compile(r"[\x21-\x7e]{1,16384}\Z")
_CODE = re.compile(r"[\w.-]{1,64}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Provider:
    """Where, as whom and for what a token is asked for. What proves it is among the Secrets."""

    client_id: str = ""
    issuer_url: str = ""
    token_url: str = ""
    scope: str = ""
    audience: str = ""
    ca_bundle: str = ""

    @property
    def address(self) -> str:
        return self.token_url or self.issuer_url


@dataclass(frozen=True, slots=True)
class Given:
    """A token, and the refresh token that takes the place of the old one if there is one."""

    token: str = field(repr=False)
    refresh_token: str = field(default="", repr=False)
    lifetime: float = ASSUMED_LIFETIME

    @property
    def pause(self) -> float:
        """Seconds until the next one is asked for: well before this one ends."""
        early = min(self.lifetime * 2 / 3, self.lifetime - SPARE, LONGEST_PAUSE)
        return max(SHORTEST_PAUSE, early)


@dataclass(frozen=True, slots=True)
class NotGiven:
    """Why there is no token. `refused`: it was answered, so asking again soon brings nothing."""

    reason: str
    remedy: str
    refused: bool = False

    @property
    def sentence(self) -> str:
        return f"{self.reason} {self.remedy}"[:LONGEST_SENTENCE]


class _Stop(Exception):
    def __init__(self, answer: NotGiven) -> None:
        super().__init__(answer.reason)
        self.answer = answer


@dataclass(frozen=True, slots=True)
class _Endpoint:
    url: str
    by_form: bool = False


def check_address(url: str) -> None:
    """Refuse with a ValidationError where no secret may be sent."""
    check_endpoint_url(url)
    if urlsplit(url).scheme != "https" and not settings.ALLOW_INSECURE_UPSTREAMS:
        raise ValidationError("Use https: a secret is sent there.")


async def ask_for_token(provider: Provider, secrets: Secrets, seconds: float) -> Given | NotGiven:
    """Return a new token, or why there is none; each of the two calls may take half the time."""
    try:
        endpoint = await _find_endpoint(provider, seconds / 2)
        call, shown = _request(provider, secrets, endpoint)
        upstream, path = _split(endpoint.url, provider.ca_bundle, shown)
        reply = await _ask(
            upstream, Call(path, form=call, deadline=seconds / 2, cap=LONGEST_ANSWER)
        )
        return _read(reply, secrets, upstream, datetime.now(UTC))
    except _Stop as stop:
        return stop.answer


async def _find_endpoint(provider: Provider, seconds: float) -> _Endpoint:
    if provider.token_url:
        _check(provider.token_url, "The token URL")
        return _Endpoint(provider.token_url)
    _check(provider.issuer_url, "The issuer URL")
    upstream, path = _split(provider.issuer_url.rstrip("/") + METADATA, provider.ca_bundle)
    reply = await _ask(upstream, Call(path, deadline=seconds, cap=LONGEST_ANSWER))
    remedy = "Check the issuer URL, or give the token URL itself."
    said = _decode(reply.body) if reply.status == 200 else None
    if said is None:
        reason = f"The identity provider at {upstream.address} does not describe itself"
        raise _Stop(NotGiven(f"{reason} ({reply.status}).", remedy, refused=True))
    # Another issuer's description would lead our secret to another's token endpoint.
    if _text(said, "issuer").rstrip("/") != provider.issuer_url.rstrip("/"):
        reason = f"The identity provider at {upstream.address} calls itself by another issuer URL."
        raise _Stop(NotGiven(reason, "Copy the issuer from its own description.", refused=True))
    url = _text(said, "token_endpoint")
    _check(url, "The token endpoint that the identity provider names")
    methods = said.get("token_endpoint_auth_methods_supported")
    by_form = (
        isinstance(methods, list)
        and "client_secret_post" in methods
        and "client_secret_basic" not in methods
    )
    return _Endpoint(url, by_form)


def _check(url: str, what: str) -> None:
    try:
        check_address(url)
    except ValidationError as refused:
        reason = f"{what} is not one to send a secret to."
        raise _Stop(NotGiven(reason, " ".join(refused.messages), refused=True)) from None


def _split(url: str, ca_bundle: str, shown: str = "") -> tuple[Upstream, str]:
    """Take a URL apart into whom to ask and for what: a slash at its end may matter."""
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    base = f"{parts.scheme}://{parts.netloc}"
    trusted = ca_bundle if secure else ""
    kind = "identity_provider"
    return Upstream(base, trusted, shown, scheme="Basic", kind=kind), parts.path


def _request(
    provider: Provider, secrets: Secrets, endpoint: _Endpoint
) -> tuple[dict[str, str], str]:
    """Return the form to send, and what to show in the header beside it."""
    form = {"grant_type": "client_credentials"}
    if secrets.oidc_refresh_token:
        form = {"grant_type": "refresh_token", "refresh_token": secrets.oidc_refresh_token}
    form |= {
        name: value
        for name, value in (("scope", provider.scope), ("audience", provider.audience))
        if value
    }
    secret = secrets.oidc_client_secret
    if secret and not endpoint.by_form:
        # RFC 6749, 2.3.1: both are encoded as in a form first.
        pair = f"{quote_plus(provider.client_id)}:{quote_plus(secret)}"
        return form, base64.b64encode(pair.encode()).decode()
    form["client_id"] = provider.client_id
    return form | ({"client_secret": secret} if secret else {}), ""


async def _ask(upstream: Upstream, call: Call) -> Reply:
    try:
        return await ask(upstream, call)
    except Unreachable as failure:
        reason = f"The identity provider at {upstream.address} does not answer: {failure.reason}."
        remedy = "Check its address, its CA bundle and the network between."
        raise _Stop(NotGiven(reason, remedy)) from None


def _read(reply: Reply, secrets: Secrets, upstream: Upstream, now: datetime) -> Given | NotGiven:
    place = f"The identity provider at {upstream.address}"
    said = _decode(reply.body)
    if reply.status >= 500 or said is None:
        remedy = "Check that it runs, and that the address is its token endpoint."
        odd = "answers something that is not JSON" if reply.status == 200 else "answers"
        return NotGiven(f"{place} {odd} ({reply.status}).", remedy)
    if reply.status != 200:
        return _refusal(place, said, secrets, upstream)
    # Kubernetes takes ID tokens alone; access tokens are for those who set it up otherwise.
    token = _text(said, "id_token") or _text(said, "access_token")
    if not _SENDABLE.match(token):
        reason = f"{place} answers without a token that can be sent."
        return NotGiven(reason, "Ask for the scope openid.", refused=True)
    fresh = _text(said, "refresh_token")
    return Given(
        token, fresh if _SENDABLE.match(fresh) else "", _lifetime(said, token, now.timestamp())
    )


def _refusal(place: str, said: Mapping[str, Any], secrets: Secrets, upstream: Upstream) -> NotGiven:
    code = _text(said, "error")
    if not _CODE.match(code):
        code = "an error without a name"
    mine = (secrets.oidc_client_secret, secrets.oidc_refresh_token, secrets.token, upstream.token)
    # The form in which they were sent, too.
    shown = (*mine, *(quote_plus(one) for one in mine))
    code, explained = (
        quotable(text, *shown, limit=120).strip()
        for text in (code, _text(said, "error_description")[:2000])
    )
    reason = f"{place} refuses: {code}{f', {explained}' if explained else ''}."
    match code:
        case "invalid_grant":
            remedy = "Sign in anew, and store the new refresh token."
        case "invalid_client" | "unauthorized_client":
            remedy = "Check client id and secret, and the grants that the client may use."
        case "invalid_scope":
            remedy = "Check the scope."
        case _:
            remedy = "Check what is stored against the provider's settings."
    return NotGiven(reason, remedy, refused=True)


def _lifetime(said: Mapping[str, Any], token: str, now: float) -> float:
    """Return for how many seconds the token will do, as far as anybody says."""
    ends = expiry.of_token(token)
    if ends is not None:
        return max(0.0, ends.timestamp() - now)
    stated = said.get("expires_in")
    if isinstance(stated, str) and stated.isascii() and stated.isdigit() and len(stated) < 12:
        stated = int(stated)
    usable = isinstance(stated, int | float) and not isinstance(stated, bool) and stated > 0
    return min(float(stated), expiry.LATEST) if usable else ASSUMED_LIFETIME  # type: ignore[arg-type]


def _decode(body: bytes) -> dict[str, Any] | None:
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return said if isinstance(said, dict) else None


def _text(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name)
    return value if isinstance(value, str) else ""
