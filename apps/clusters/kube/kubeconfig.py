"""Kubeconfigs of strangers, by an allow-list: each context is understood whole or refused.

Nothing is executed, opened or asked here. A context that is refused spoils no other, and no
refusal quotes a value: only names of contexts and keys.
"""

import base64
import binascii
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from apps.clusters.errors import KubeconfigUnusable
from apps.clusters.kube import plain_yaml
from apps.clusters.kube.plain_yaml import NotPlain, Value
from apps.clusters.rules import HOST_NAME, LONGEST_HOST_NAME
from apps.masking import quotable

# A form of the admin carries two fields for each, and Django takes a thousand.
MOST_CONTEXTS = 400
LONGEST_NAME = 256
LONGEST_TOKEN = 16 * 1024
LONGEST_PEM = 256 * 1024
HARMLESS = {"extensions"}
TOP = {"apiVersion", "kind", "clusters", "users", "contexts", "current-context", "preferences"}
IN_CONTEXT = {"cluster", "user", "namespace"}
IN_CLUSTER = {
    "server",
    "certificate-authority-data",
    "tls-server-name",
    "insecure-skip-tls-verify",
}
IN_USER = {"token", "client-certificate-data", "client-key-data"}

_INLINE = "Write it into the file: kubectl config view --raw --flatten"
_BASIC = "signs in with a password, which Kubernetes dropped in 1.19. Use a token."
_IMPERSONATES = "acts as somebody else. Remove it, and use a token of that account."
WHY = {
    "exec": "starts a program to sign in, and nothing is started from here. Use a token.",
    "auth-provider": "signs in by a plug-in, and none is loaded here. Use a token.",
    "certificate-authority": f"points to a file, and none is opened here. {_INLINE}",
    "client-certificate": f"points to a file, and none is opened here. {_INLINE}",
    "client-key": f"points to a file, and none is opened here. {_INLINE}",
    "tokenFile": "points to a file, and none is opened here. Write the token itself as token.",
    "proxy-url": "leads through a proxy of its choice. Remove it; clusters are reached directly.",
    "insecure-skip-tls-verify": "trusts whoever answers. Remove it, and give the CA as "
    "certificate-authority-data.",
    "username": _BASIC,
    "password": _BASIC,
    "as": _IMPERSONATES,
    "as-uid": _IMPERSONATES,
    "as-groups": _IMPERSONATES,
    "as-user-extra": _IMPERSONATES,
}
_PEM = re.compile(
    r"-----BEGIN (?P<kind>[A-Z0-9 ]{1,40})-----[A-Za-z0-9+/=\s]+-----END (?P=kind)-----"
)
_HOST = re.compile(HOST_NAME)


@dataclass(frozen=True, slots=True)
class Access:
    """One context that can be used: where the API server is, whom to trust, how to sign in."""

    context: str
    server: str
    ca_bundle: str = ""
    tls_server_name: str = ""
    token: str = field(default="", repr=False)
    client_certificate: str = field(default="", repr=False)
    client_key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Refused:
    """One context that is not taken, and why, in a sentence."""

    context: str
    reason: str


class _Problem(Exception):
    """Why a context is refused: what follows on its name in the sentence."""


@dataclass(frozen=True, slots=True)
class _Cluster:
    server: str
    ca_bundle: str
    tls_server_name: str


@dataclass(frozen=True, slots=True)
class _User:
    token: str = field(repr=False)
    client_certificate: str = field(repr=False)
    client_key: str = field(repr=False)


T = TypeVar("T", _Cluster, _User)
# Each entry is understood once, however many contexts name it: what it says, or its problem.
Entries = Mapping[str, T | _Problem]


def read(text: str) -> list[Access | Refused]:
    """Return one result per context, in order; raise KubeconfigUnusable for the whole file."""
    try:
        document = plain_yaml.read(text)
    except NotPlain as problem:
        raise KubeconfigUnusable(f"This kubeconfig is not taken. {problem}") from None
    if not isinstance(document, dict):
        raise KubeconfigUnusable("This is no kubeconfig: it has no clusters, users and contexts.")
    _check_head(document)
    contexts = _entries(document, "contexts")
    if not contexts:
        raise KubeconfigUnusable("This kubeconfig has no contexts, so there is nothing to import.")
    if len(contexts) > MOST_CONTEXTS:
        raise KubeconfigUnusable(f"This kubeconfig has more than {MOST_CONTEXTS} contexts.")
    clusters = _understand(_entries(document, "clusters"), _read_cluster)
    users = _understand(_entries(document, "users"), _read_user)
    names = [_name_of(entry) for entry in contexts]
    times = Counter(names)
    results: list[Access | Refused] = []
    for number, (entry, name) in enumerate(zip(contexts, names, strict=True), 1):
        # Cut before it is looked through: masking is slow on a name of a megabyte.
        shown = quotable((name or f"number {number}")[: LONGEST_NAME + 1], limit=LONGEST_NAME)
        try:
            _check_name(name, shown, times[name])
            results.append(_read_context(entry, name, clusters, users))
        except _Problem as problem:
            results.append(Refused(shown, f'Context "{shown}" {problem}'))
    return results


def _check_head(document: dict[str, Value]) -> None:
    for key in document:
        if key not in TOP | HARMLESS:
            raise KubeconfigUnusable(
                f"This kubeconfig has the unknown key {_quote(key)}. Remove it."
            )
    if document.get("kind") not in {None, "Config"} or document.get("apiVersion") not in {
        None,
        "v1",
    }:
        raise KubeconfigUnusable("This is no kubeconfig: those say kind: Config, apiVersion: v1.")


def _entries(document: dict[str, Value], plural: str) -> list[Value]:
    entries = document.get(plural)
    if entries is None:
        return []
    if not isinstance(entries, list):
        raise KubeconfigUnusable(f"This is no kubeconfig: its {plural} are not a list.")
    return entries


def _name_of(entry: Value) -> str:
    name = entry.get("name") if isinstance(entry, dict) else None
    return name if isinstance(name, str) else ""


def _check_name(name: str, shown: str, times: int) -> None:
    if not name:
        raise _Problem("has no name. Give it one.")
    if shown != name:
        raise _Problem("has a name that is too long or cannot be shown. Rename it.")
    if times > 1:
        raise _Problem("is there more than once. Keep one of them.")


def _understand(entries: list[Value], read_one: Callable[[Value], T]) -> dict[str, T | _Problem]:
    found: dict[str, T | _Problem] = {}
    for entry in entries:
        name = _name_of(entry)
        if name in found:
            found[name] = _Problem(f"names {_quote(name)}, which is there more than once.")
            continue
        try:
            found[name] = read_one(entry)
        except _Problem as problem:
            found[name] = problem
    return found


def _read_context(
    entry: Value, name: str, clusters: Entries[_Cluster], users: Entries[_User]
) -> Access:
    context = _body(entry, "context", IN_CONTEXT)
    cluster = _find(clusters, context, "cluster")
    user = _find(users, context, "user")
    return Access(
        name,
        cluster.server,
        cluster.ca_bundle,
        cluster.tls_server_name,
        user.token,
        user.client_certificate,
        user.client_key,
    )


def _find(entries: Entries[T], context: dict[str, Value], kind: str) -> T:
    name = _text(context, kind)
    if not name:
        raise _Problem(f"names no {kind}. Add one.")
    found = entries.get(name, _Problem(f"names the {kind} {_quote(name)}, which is not there."))
    if isinstance(found, _Problem):
        raise _Problem(str(found))
    return found


def _body(entry: Value, kind: str, allowed: set[str]) -> dict[str, Value]:
    """Return what an entry says below its name; every key must be one that we understand."""
    if not isinstance(entry, dict) or not isinstance(body := entry.get(kind), dict):
        raise _Problem(f"has a {kind} entry that is not a name with its {kind}.")
    for key in entry.keys() - {"name", kind} - HARMLESS:
        raise _Problem(f"has a {kind} entry with the unknown key {_quote(key)}. Remove it.")
    # An empty value says nothing: some tools write every key that there is.
    said: dict[str, Value] = {
        key: value for key, value in body.items() if value not in (None, "", [], {})
    }
    for key, value in said.items():
        if key == "insecure-skip-tls-verify" and value == "false":
            continue
        if key in WHY:
            raise _Problem(f"has {key} for its {kind}: it {WHY[key]}")
        if key not in allowed | HARMLESS:
            raise _Problem(f"has the unknown key {_quote(key)} for its {kind}. Remove it.")
    return said


def _read_cluster(entry: Value) -> _Cluster:
    said = _body(entry, "cluster", IN_CLUSTER)
    server = _text(said, "server").rstrip("/")
    if not server:
        raise _Problem("has a cluster without a server. Add its address.")
    host = _text(said, "tls-server-name")
    if host and not (len(host) <= LONGEST_HOST_NAME and _HOST.match(host)):
        raise _Problem("has a tls-server-name that is no host name.")
    return _Cluster(server, _pem(said, "certificate-authority-data", "CERTIFICATE"), host)


def _read_user(entry: Value) -> _User:
    said = _body(entry, "user", IN_USER)
    token = _text(said, "token")
    if len(token) > LONGEST_TOKEN:
        raise _Problem(f"has a token of more than {LONGEST_TOKEN // 1024} KiB.")
    certificate = _pem(said, "client-certificate-data", "CERTIFICATE")
    key = _pem(said, "client-key-data", "PRIVATE KEY")
    if bool(certificate) != bool(key):
        raise _Problem("has a client certificate without its key, or a key without certificate.")
    if not (token or key):
        raise _Problem("has a user without token and client certificate. Add a token.")
    return _User(token, certificate, key)


def _text(said: dict[str, Value], key: str) -> str:
    value = said.get(key) or ""
    if not isinstance(value, str):
        raise _Problem(f"has a {key} that is no text.")
    return value.strip()


def _pem(said: dict[str, Value], key: str, kind: str) -> str:
    """Return the blocks of one kind; what stands between them, and other kinds, is left out."""
    encoded = "".join(_text(said, key).split())
    if len(encoded) > LONGEST_PEM:
        raise _Problem(f"has {key} of more than {LONGEST_PEM // 1024} KiB.")
    if not encoded:
        return ""
    try:
        decoded = base64.b64decode(encoded, validate=True).decode(errors="replace")
    except (binascii.Error, ValueError):
        raise _Problem(f"has {key} that is not base64. Copy it again.") from None
    blocks = [found[0] for found in _PEM.finditer(decoded) if found["kind"].endswith(kind)]
    if not blocks:
        raise _Problem(f"has {key} without a PEM {kind.lower()}, or with an encrypted one.")
    return "\n".join(blocks) + "\n"


def _quote(name: str) -> str:
    return f'"{quotable(name[:60], limit=60)}"'
