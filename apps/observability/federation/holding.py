"""What a cluster is asked for a person who is held to some of its namespaces.

Whatever is asked for a person passes here, last of all. Every selector is held to the namespaces,
what no selector holds is cut when it comes back, and what cannot be cut is not asked.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import msgspec
from promql_parser import Matcher

from apps.clusters.connection import Connection
from apps.http import Call, Reply
from apps.observability.errors import InvalidPromQL
from apps.observability.federation.outcome import PERMISSION_DENIED, SourceFailed, Target
from apps.observability.promql import enforce

T = TypeVar("T")
Read = Callable[[Reply], T]

NAMESPACE = "namespace"
LEFT_OUT = "what is not of your namespaces is left out: you see {names} of this cluster"
_PREFIX = "/api/v1/"
_QUERIES = re.compile(r"query|query_range")
_BROWSING = re.compile(r"series|labels|label/[^/]+/values")
_CUT = re.compile(r"rules|alerts")
# What asks without a selector of its own is given this one, to be held by.
_EVERYTHING = '{__name__!=""}'


def hold(target: Connection, part: str, call: Call, read: Read[T]) -> tuple[Call, Read[T]]:
    """Return the call as it may be made for who asks, and how they may read what comes.

    Raise SourceFailed for what they may not ask.
    """
    names = target.namespaces if isinstance(target, Target) else None
    if names is None:
        return call, read
    path = call.path.removeprefix(_PREFIX) if part == "prometheus" else call.path
    if _CUT.fullmatch(path):
        return call, lambda reply: read(_cut(reply, path, names))
    limits = enforce.limit(NAMESPACE, sorted(names))
    if _QUERIES.fullmatch(path) and call.form is not None:
        held = _held(str(call.form["query"]), limits)
        return replace(call, form={**call.form, "query": held}), read
    if _BROWSING.fullmatch(path) and call.form is None:
        match = call.params.get("match[]") or _EVERYTHING
        texts = [match] if isinstance(match, str) else match
        all_held = [_held(text, limits) for text in texts]
        return replace(call, params={**call.params, "match[]": all_held}), read
    reason = f"{path} is told of a cluster as a whole, and you see {_said(names)} of this one"
    raise SourceFailed(PERMISSION_DENIED, reason)


def _held(text: str, limits: Sequence[Matcher]) -> str:
    try:
        return enforce.restrict_text(text, limits)
    except InvalidPromQL as refused:
        raise SourceFailed("INVALID_PROMQL", refused.message) from None


def _cut(reply: Reply, path: str, names: frozenset[str]) -> Reply:
    """Take out of rules and alerts what is not of these namespaces, and say so."""
    try:
        said = msgspec.json.decode(reply.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        said = None
    data = said.get("data") if isinstance(said, dict) else None
    if said is None or not isinstance(data, dict):
        # No answer, or one that whoever reads it will refuse: nothing of it may pass as one.
        return replace(reply, body=b"") if reply.status == 200 else reply
    if path == "rules":
        left = _groups(data, names)
    else:
        left = {"alerts": _theirs(data.get("alerts"), names)}
    warnings = said.get("warnings") or []
    if left != data:
        warnings = [*warnings, LEFT_OUT.format(names=_said(names))]
    body = msgspec.json.encode({**said, "data": left, "warnings": warnings})
    return replace(reply, body=body)


def _groups(data: dict[str, Any], names: frozenset[str]) -> dict[str, Any]:
    # The text of a rule may tell of any namespace; only its own label says whose it is.
    groups = []
    for group in _objects(data.get("groups")):
        rules = [_with_own_alerts(rule, names) for rule in _theirs(group.get("rules"), names)]
        if rules:
            groups.append({**group, "rules": rules})
    return {"groups": groups}


def _with_own_alerts(rule: dict[str, Any], names: frozenset[str]) -> dict[str, Any]:
    return {**rule, "alerts": _theirs(rule["alerts"], names)} if "alerts" in rule else rule


def _theirs(found: object, names: frozenset[str]) -> list[dict[str, Any]]:
    return [one for one in _objects(found) if _namespace(one) in names]


def _namespace(one: dict[str, Any]) -> str:
    labels = one.get("labels")
    return str(labels.get(NAMESPACE, "")) if isinstance(labels, dict) else ""


def _objects(found: object) -> list[dict[str, Any]]:
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _said(names: frozenset[str]) -> str:
    return ", ".join(sorted(names)) or "no namespace"
