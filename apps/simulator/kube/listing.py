"""Lists: label and field selectors, pages, and the tokens that lead from one page to the next."""

import base64
import binascii
import json
import re
from collections.abc import Mapping

from apps.simulator.kube import refusals
from apps.simulator.kube.metadata import Json, Moment, time_of
from apps.simulator.kube.resources import Resource

# etcd compacts away what a continue token points at after five minutes.
TOKEN_LIVES_SECONDS = 300.0
FIELDS = {
    "pods": {
        "metadata.name",
        "metadata.namespace",
        "spec.nodeName",
        "status.phase",
        "status.podIP",
    },
    "events": {
        "metadata.name",
        "metadata.namespace",
        "involvedObject.name",
        "involvedObject.kind",
        "type",
        "reason",
    },
    "secrets": {"metadata.name", "metadata.namespace", "type"},
    "namespaces": {"metadata.name", "status.phase"},
}
SET_BASED = re.compile(r"^(?P<key>[^\s!=,]+)\s+(?P<verb>in|notin)\s+\((?P<values>[^)]*)\)$")
EQUALITY = re.compile(r"^(?P<key>[^\s!=,]+)\s*(?P<verb>==|=|!=)\s*(?P<value>[^\s!=,]*)$")


def key_of(item: Json) -> str:
    """The order of lists: etcd's, by namespace and then by name."""
    return f"{item['metadata'].get('namespace', '')}/{item['metadata']['name']}"


def page(resource: Resource, items: list[Json], query: Mapping[str, str], moment: Moment) -> Json:
    limit = whole_number(query.get("limit", ""))
    version, after = moment.version, ""
    if query.get("continue"):
        version, after = read_token(query["continue"], moment)
    found = sorted((item for item in items if key_of(item) > after), key=key_of)
    about: Json = {"resourceVersion": str(version)}
    if limit and len(found) > limit:
        rest = len(found) - limit
        found = found[:limit]
        about["continue"] = write_token(version, key_of(found[-1]))
        # The real server cannot count what a selector would leave over, and says nothing then.
        if not query.get("labelSelector") and not query.get("fieldSelector"):
            about["remainingItemCount"] = rest
    return {
        "kind": f"{resource.kind}List",
        "apiVersion": resource.api_version,
        "metadata": about,
        "items": found,
    }


def whole_number(text: str) -> int:
    if not text:
        return 0
    if not text.isdecimal():
        message = f'strconv.ParseInt: parsing "{text}": invalid syntax'
        raise refusals.bad_request(message)
    return int(text)


def write_token(version: int, after: str) -> str:
    token = json.dumps({"v": "meta.k8s.io/v1", "rv": version, "start": f"{after}\0"})
    return base64.urlsafe_b64encode(token.encode()).decode().rstrip("=")


def read_token(token: str, moment: Moment) -> tuple[int, str]:
    try:
        padded = token + "=" * (-len(token) % 4)
        read = json.loads(base64.urlsafe_b64decode(padded))
        version, after = int(read["rv"]), str(read["start"]).removesuffix("\0")
    except (binascii.Error, ValueError, KeyError, TypeError) as error:
        raise refusals.bad_request(f"continue key is not valid: {error}") from error
    if version >= 0 and moment.now - time_of(moment.cluster, version) > TOKEN_LIVES_SECONDS:
        raise refusals.expired(write_token(moment.version, after))
    return version, after


def select(resource: Resource, items: list[Json], query: Mapping[str, str]) -> list[Json]:
    by_label = [requirement(part) for part in split(query.get("labelSelector", ""))]
    by_field = [field(resource, part) for part in split(query.get("fieldSelector", ""))]
    return [
        item
        for item in items
        if all(agrees(item["metadata"].get("labels", {}), wanted) for wanted in by_label)
        and all((path(item, name) == value) is same for name, value, same in by_field)
    ]


def split(selector: str) -> list[str]:
    """Split at the commas that do not stand inside a set."""
    return [part.strip() for part in re.split(r",(?![^(]*\))", selector) if part.strip()]


def requirement(part: str) -> tuple[str, frozenset[str] | None, bool]:
    """Read one requirement: the key, the values (None: any), and whether it is to hold."""
    if found := SET_BASED.match(part):
        values = frozenset(value.strip() for value in found["values"].split(","))
        return found["key"], values, found["verb"] == "in"
    if found := EQUALITY.match(part):
        return found["key"], frozenset({found["value"]}), found["verb"] != "!="
    if re.fullmatch(r"!?[A-Za-z0-9][A-Za-z0-9./_-]*", part):
        return part.removeprefix("!"), None, not part.startswith("!")
    message = f"unable to parse requirement: found '{part}', expected: an operator"
    raise refusals.bad_request(message)


def agrees(labels: Mapping[str, str], wanted: tuple[str, frozenset[str] | None, bool]) -> bool:
    key, values, holds = wanted
    present = key in labels if values is None else labels.get(key) in values
    return present is holds


def field(resource: Resource, part: str) -> tuple[str, str, bool]:
    found = EQUALITY.match(part)
    known = FIELDS.get(resource.plural, {"metadata.name", "metadata.namespace"})
    if not found or found["key"] not in known:
        name = found["key"] if found else part
        raise refusals.bad_request(f"field label not supported: {name}")
    return found["key"], found["value"], found["verb"] != "!="


def path(item: Json, name: str) -> str:
    value: object = item
    for step in name.split("."):
        value = value.get(step, "") if isinstance(value, dict) else ""
    return str(value)
