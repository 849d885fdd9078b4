"""An Alertmanager at the wire: its API v2 for alerts, silences and its status, as the real one.

Its clock is a test's own, if wanted. Nothing is grouped and nobody is told: what it has can be
posted to a webhook by whoever tests that.
"""

import asyncio
import json
import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from tests.fakes import gates

API = "/api/v2"
RESOLVE_TIMEOUT = timedelta(minutes=5)
HOLDS: dict[tuple[bool, bool], Callable[[str, str], bool]] = {
    (False, True): lambda value, wanted: value == wanted,
    (False, False): lambda value, wanted: value != wanted,
    (True, True): lambda value, wanted: re.fullmatch(wanted, value) is not None,
    (True, False): lambda value, wanted: re.fullmatch(wanted, value) is None,
}
_OPERATORS = {"=": (False, True), "!=": (False, False), "=~": (True, True), "!~": (True, False)}
_MATCHER = re.compile(r'\s*([a-zA-Z_]\w*)\s*(=~|!~|!=|=)\s*"?(.*?)"?\s*')


@dataclass
class Held:
    """An alert as it was posted, from its start to when it is over if nobody repeats it."""

    labels: dict[str, str]
    annotations: dict[str, str]
    starts_at: datetime
    ends_at: datetime
    updated_at: datetime
    generator_url: str


@dataclass
class Alertmanager:
    """What it has, and what it was asked. `refusal` answers everything instead, if it is set."""

    alerts: dict[str, Held] = field(default_factory=dict)
    silences: dict[str, dict[str, Any]] = field(default_factory=dict)
    # Fingerprints of those that inhibit, by that of the one they inhibit.
    inhibited: dict[str, list[str]] = field(default_factory=dict)
    receivers: list[str] = field(default_factory=lambda: ["aiops"])
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC) - timedelta(days=30))
    clock_is_off_by: timedelta = timedelta()
    requests: list[tuple[str, str, str]] = field(default_factory=list)
    refusal: tuple[int, bytes] | None = None
    # Such an answer to this one path, and the others as ever.
    refusals: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    # Accepts what it is asked, and never answers.
    hangs: bool = False
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def now(self) -> datetime:
        return datetime.now(UTC) + self.clock_is_off_by

    def restart(self) -> None:
        """It forgets its alerts; silences it keeps on disk."""
        self.alerts.clear()
        self.started_at = self.now()

    def fire(self, **labels: str) -> str:
        """Have an alert; return its fingerprint. `startsAt` may be given among the labels."""
        starts_at = labels.pop("startsAt", "")
        annotations = {"summary": labels.pop("summary")} if "summary" in labels else {}
        self.post([{"labels": labels, "annotations": annotations, "startsAt": starts_at}])
        return fingerprint_of(labels)

    def end(self, fingerprint: str) -> None:
        self.alerts[fingerprint].ends_at = self.now()

    def post(self, alerts: list[dict[str, Any]]) -> tuple[int, None]:
        """Take alerts as Prometheus posts them: one that is still there keeps its first start."""
        now = self.now()
        for one in alerts:
            labels = {name: value for name, value in one["labels"].items() if value}
            ends_at = _moment(one.get("endsAt")) or now + RESOLVE_TIMEOUT
            new = Held(
                labels,
                one.get("annotations") or {},
                _moment(one.get("startsAt")) or min(now, ends_at),
                ends_at,
                now,
                one.get("generatorURL", ""),
            )
            before = self.alerts.get(fingerprint_of(labels))
            if before is not None and before.ends_at > new.starts_at:
                new.starts_at = min(before.starts_at, new.starts_at)
            self.alerts[fingerprint_of(labels)] = new
        return 200, None

    def listed(self, wanted: Mapping[str, str], filters: list[str]) -> list[dict[str, Any]]:
        found = (
            self.told(fingerprint, one)
            for fingerprint, one in sorted(self.alerts.items())
            if one.ends_at > self.now() and all(_holds(each, one.labels) for each in filters)
        )
        return [one for one in found if _is_wanted(one["status"], wanted)]

    def told(self, fingerprint: str, one: Held) -> dict[str, Any]:
        silenced = sorted(
            silence["id"] for silence in self.silences.values() if self._mutes(silence, one.labels)
        )
        inhibited = self.inhibited.get(fingerprint, [])
        state = "suppressed" if silenced or inhibited else "active"
        return {
            "annotations": one.annotations,
            "endsAt": _written(one.ends_at),
            "fingerprint": fingerprint,
            "receivers": [{"name": name} for name in self.receivers],
            "startsAt": _written(one.starts_at),
            "status": {"inhibitedBy": inhibited, "silencedBy": silenced, "state": state},
            "updatedAt": _written(one.updated_at),
            "generatorURL": one.generator_url,
            "labels": one.labels,
        }

    def _mutes(self, silence: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
        return self.state_of(silence) == "active" and all(
            HOLDS[one["isRegex"], one.get("isEqual", True)](
                labels.get(one["name"], ""), one["value"]
            )
            for one in silence["matchers"]
        )

    def state_of(self, silence: Mapping[str, Any]) -> str:
        starts_at, ends_at = _moment(silence["startsAt"]), _moment(silence["endsAt"])
        assert starts_at
        assert ends_at
        if ends_at <= self.now():
            return "expired"
        return "pending" if starts_at > self.now() else "active"

    def shown(self, silence: Mapping[str, Any]) -> dict[str, Any]:
        return dict(silence) | {"status": {"state": self.state_of(silence)}}

    def silence(self, wanted: dict[str, Any]) -> tuple[int, Any]:
        """Make a silence, or put it in the place of one; return what is answered."""
        if refusal := _why_refused(wanted, self.now()):
            return 400, refusal
        before = self.silences.get(wanted.get("id", ""))
        if wanted.get("id") and before is None:
            return 404, f"silence {wanted['id']} not found"
        keeps = (
            before is not None
            and before["matchers"] == wanted["matchers"]
            and self.state_of(before) == "active"
            and before["startsAt"] == wanted["startsAt"]
        )
        if before is not None and not keeps and self.state_of(before) != "expired":
            before["endsAt"] = _written(self.now())
        silence_id = wanted["id"] if keeps else str(uuid.uuid4())
        starts_at = max(_moment(wanted["startsAt"]) or self.now(), self.now())
        self.silences[silence_id] = wanted | {
            "id": silence_id,
            "startsAt": wanted["startsAt"] if keeps else _written(starts_at),
            "updatedAt": _written(self.now()),
        }
        return 200, {"silenceID": silence_id}

    def expire(self, silence_id: str) -> tuple[int, Any]:
        silence = self.silences.get(silence_id)
        if silence is None:
            return 404, {"code": 404, "message": f"silence {silence_id} not found"}
        if self.state_of(silence) == "expired":
            return 500, f"silence {silence_id} already expired"
        silence["endsAt"] = silence["updatedAt"] = _written(self.now())
        return 200, None

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.text()
        self.requests.append((request.method, request.path_qs, body))
        if self.hangs:
            await asyncio.sleep(3600)
        refusal = self.refusals.get(request.path, self.refusal)
        if refusal is not None:
            return web.Response(status=refusal[0], body=refusal[1])
        status, said = self._answer(request, body)
        if said is None:
            return web.Response(status=status)
        return web.json_response(said, status=status)

    def _answer(self, request: web.BaseRequest, body: str) -> tuple[int, Any]:
        folder, _, silence_id = request.path.partition("/silence/")
        if silence_id and folder == API:
            return self._of_one(request.method, silence_id)
        filters = request.query.getall("filter", [])
        answers: dict[tuple[str, str], Callable[[], tuple[int, Any]]] = {
            ("GET", "/status"): lambda: (200, self._status()),
            ("GET", "/receivers"): lambda: (200, [{"name": name} for name in self.receivers]),
            ("GET", "/alerts"): lambda: (200, self.listed(request.query, filters)),
            ("POST", "/alerts"): lambda: self.post(json.loads(body)),
            ("GET", "/silences"): lambda: (200, self._silences(filters)),
            ("POST", "/silences"): lambda: self.silence(json.loads(body)),
        }
        found = answers.get((request.method, request.path.removeprefix(API)))
        if found is None:
            return 404, {"code": 404, "message": f"path {request.path} was not found"}
        return found()

    def _of_one(self, method: str, silence_id: str) -> tuple[int, Any]:
        if method == "DELETE":
            return self.expire(silence_id)
        found = self.silences.get(silence_id)
        return (200, self.shown(found)) if found else (404, None)

    def _silences(self, filters: list[str]) -> list[dict[str, Any]]:
        return [
            self.shown(one)
            for one in self.silences.values()
            if all(_names(each, one["matchers"]) for each in filters)
        ]

    def _status(self) -> dict[str, Any]:
        return {
            "cluster": {"status": "disabled", "peers": None},
            "config": {"original": "route:\n  receiver: aiops\n"},
            "uptime": _written(self.started_at),
            "versionInfo": {"version": "0.27.0"},
        }


def fingerprint_of(labels: Mapping[str, str]) -> str:
    """FNV-1a over the sorted labels, as in prometheus/common's model.LabelSet."""
    digest = 0xCBF29CE484222325
    for name, value in sorted(labels.items()):
        for byte in b"%b\xff%b\xff" % (name.encode(), value.encode()):
            digest = (digest ^ byte) * 0x100000001B3 % 2**64
    return f"{digest:016x}"


def _is_wanted(status: Mapping[str, Any], wanted: Mapping[str, str]) -> bool:
    def wants(name: str) -> bool:
        return wanted.get(name, "true") == "true"

    if status["silencedBy"] and not wants("silenced"):
        return False
    if status["inhibitedBy"] and not wants("inhibited"):
        return False
    return status["state"] != "active" or wants("active")


def _holds(text: str, labels: Mapping[str, str]) -> bool:
    name, kind, wanted = _parsed(text)
    return HOLDS[kind](labels.get(name, ""), wanted)


def _names(text: str, matchers: list[dict[str, Any]]) -> bool:
    """A filter over silences is over the values of their matchers."""
    return _holds(text, {one["name"]: one["value"] for one in matchers})


def _parsed(text: str) -> tuple[str, tuple[bool, bool], str]:
    found = _MATCHER.fullmatch(text)
    assert found, text
    return found[1], _OPERATORS[found[2]], found[3]


def _why_refused(wanted: Mapping[str, Any], now: datetime) -> str:
    starts_at, ends_at = _moment(wanted.get("startsAt")), _moment(wanted.get("endsAt"))
    if not wanted.get("matchers"):
        return "invalid silence: at least one matcher required"
    if starts_at is None or ends_at is None or ends_at < starts_at:
        return "failed to create silence: start time must be before end time"
    if ends_at < now:
        return "failed to create silence: end time can't be in the past"
    if not any(
        one["value"] and (not one["isRegex"] or not re.fullmatch(one["value"], ""))
        for one in wanted["matchers"]
    ):
        return "invalid silence: at least one matcher must not match the empty string"
    return ""


def _moment(text: str | None) -> datetime | None:
    moment = datetime.fromisoformat(text) if text else None
    return None if moment is None or moment.year == 1 else moment.astimezone(UTC)


def _written(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@contextmanager
def serve() -> Iterator[Alertmanager]:
    """Run one on a free loopback port until the block ends."""
    alertmanager = Alertmanager()
    with gates.serve(alertmanager.answer) as alertmanager.port:
        yield alertmanager
