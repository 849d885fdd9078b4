"""An identity provider at the wire: its description, and two grants of OAuth 2.0 as RFC 6749 says.

A refresh token is good for one use, and its follower comes with the answer.
"""

import asyncio
import base64
import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from aiohttp import web

from tests.fakes.gates import Gate, serve

REALM = "/realms/platform"
TOKEN_PATH = f"{REALM}/token/"


def jwt(**claims: Any) -> str:
    """Return a token that states these claims, signed by nobody."""
    parts = [json.dumps({"alg": "RS256"}), json.dumps(claims), "signature"]
    return ".".join(base64.urlsafe_b64encode(part.encode()).decode().strip("=") for part in parts)


@dataclass
class IdentityProvider:
    """`gate` takes what is given here. `behaviour`: ok, error, hang, garbage or echo."""

    gate: Gate | None = None
    client_id: str = "aiops nextgen"
    client_secret: str = "s3cret+/&=%"
    refresh_tokens: set[str] = field(default_factory=set)
    lifetime: int = 600
    behaviour: str = "ok"
    issuer: str = ""
    methods: list[str] | None = None
    asked: list[dict[str, str]] = field(default_factory=list)
    given: list[str] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{REALM}"

    @property
    def token_url(self) -> str:
        return f"http://127.0.0.1:{self.port}{TOKEN_PATH}"

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path == f"{REALM}/.well-known/openid-configuration":
            return web.json_response(self.description())
        if request.path != TOKEN_PATH or request.method != "POST":
            return web.json_response({"error": "not found"}, status=404)
        form = dict(parse_qsl((await request.read()).decode()))
        authorization = request.headers.get("Authorization", "")
        self.asked.append(form | {"authorization": authorization})
        match self.behaviour:
            case "hang":
                await asyncio.sleep(3600)
            case "error":
                return web.Response(status=500, text="<html>java.lang.NullPointerException")
            case "garbage":
                return web.Response(status=200, text="<html>sign in</html>")
            case "echo":
                said = {"error": "invalid_grant", "error_description": f"{form} {authorization}"}
                return web.json_response(said, status=400)
        return self.grant(form, authorization)

    def description(self) -> dict[str, Any]:
        said = {"issuer": self.issuer or self.url, "token_endpoint": self.token_url}
        if self.methods is None:
            return said
        return said | {"token_endpoint_auth_methods_supported": self.methods}

    def grant(self, form: dict[str, str], authorization: str) -> web.Response:
        shown = form.get("client_id", ""), form.get("client_secret", "")
        if authorization.startswith("Basic "):
            pair = base64.b64decode(authorization.removeprefix("Basic ")).decode()
            user, _, password = pair.partition(":")
            shown = unquote_plus(user), unquote_plus(password)
        if shown != (self.client_id, self.client_secret):
            return refuse("invalid_client", 401)
        match form.get("grant_type"):
            case "client_credentials":
                return self.give(form, {})
            case "refresh_token" if form.get("refresh_token") in self.refresh_tokens:
                self.refresh_tokens.remove(form["refresh_token"])
                follower = secrets.token_urlsafe(16)
                self.refresh_tokens.add(follower)
                return self.give(form, {"refresh_token": follower})
            case "refresh_token":
                return refuse("invalid_grant", 400)
        return refuse("unsupported_grant_type", 400)

    def give(self, form: dict[str, str], more: dict[str, str]) -> web.Response:
        access = f"opaque-{secrets.token_urlsafe(16)}"
        said: dict[str, Any] = {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": self.lifetime,
        }
        if "openid" in form.get("scope", "").split():
            ends = int(time.time()) + self.lifetime
            said["id_token"] = jwt(sub="reader", exp=ends, jti=secrets.token_hex(4))
        token = said.get("id_token", access)
        self.given.append(token)
        if self.gate is not None:
            self.gate.tokens[token] = "oidc:reader"
        return web.json_response(said | more, headers={"Cache-Control": "no-store"})


def refuse(error: str, status: int) -> web.Response:
    return web.json_response({"error": error, "error_description": "No."}, status=status)


@contextmanager
def identity_provider(gate: Gate | None = None) -> Iterator[IdentityProvider]:
    provider = IdentityProvider(gate)
    with serve(provider.answer) as provider.port:
        yield provider
