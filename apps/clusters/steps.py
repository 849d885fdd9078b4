"""A check told step by step, in the order in which it goes: pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from urllib.parse import urlsplit

from apps.clusters.connection import Connection
from apps.clusters.health import API_SERVER, Reading
from apps.clusters.models.cluster import FailureStage
from apps.clusters.remedies import PART_STAGE
from apps.http import Upstream

WAY = (
    FailureStage.CREDENTIAL,
    FailureStage.DNS,
    FailureStage.TCP,
    FailureStage.TLS,
    FailureStage.AUTH,
    FailureStage.API,
)


class StepStatus(StrEnum):
    OK = "OK"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"
    NOT_CONFIGURED = "NOT_CONFIGURED"


@dataclass(frozen=True, slots=True)
class Step:
    step: FailureStage
    status: StepStatus
    message: str
    remedy: str = ""
    latency_ms: int | None = None


def lay_out(connection: Connection, readings: Sequence[Reading]) -> list[Step]:
    """Return a step for each part of the way to the API server, then one for each other part."""
    found = {reading.part: reading for reading in readings}
    api = found[API_SERVER]
    failed = None if api.healthy else api.stage or FailureStage.API
    way = [_step_on_the_way(stage, connection.api_server, api, failed) for stage in WAY]
    return way + [_step_of_part(part, found.get(part), connection) for part in PART_STAGE]


def _step_on_the_way(
    stage: FailureStage, upstream: Upstream, api: Reading, failed: FailureStage | None
) -> Step:
    latency = api.latency_ms if stage == FailureStage.API else None
    if stage == failed:
        return Step(stage, StepStatus.FAILED, api.problem, api.remedy, latency)
    if missing := _not_configured(stage, upstream, failed):
        return Step(stage, StepStatus.NOT_CONFIGURED, missing)
    if failed and WAY.index(failed) < WAY.index(stage):
        return Step(stage, StepStatus.SKIPPED, "Not reached.")
    if stage == FailureStage.AUTH and failed and api.latency_ms is None:
        return Step(stage, StepStatus.SKIPPED, "It gave no answer that would tell.")
    return Step(stage, StepStatus.OK, _fine(stage, upstream, api), latency_ms=latency)


def _not_configured(stage: FailureStage, upstream: Upstream, failed: FailureStage | None) -> str:
    shown = upstream.token or upstream.client_certificate
    match stage:
        case FailureStage.TLS if not upstream.base_url.startswith("https:"):
            return "The address is plain http."
        # With the box closed nobody knows what is in it.
        case FailureStage.AUTH if not shown and failed != FailureStage.CREDENTIAL:
            return "No credential is shown to it."
        case FailureStage.CREDENTIAL if not shown:
            return "No credential is stored, or none that may be shown there."
    return ""


def _fine(stage: FailureStage, upstream: Upstream, api: Reading) -> str:
    host = urlsplit(upstream.base_url).hostname or ""
    until = api.certificate_expires_at
    return {
        FailureStage.CREDENTIAL: "The stored credential opens.",
        FailureStage.DNS: f"{host} is {'an address' if _is_address(host) else 'known'}.",
        FailureStage.TCP: f"{upstream.address} takes connections.",
        FailureStage.TLS: f"Its certificate is trusted{(until and f', until {until:%F}') or ''}.",
        FailureStage.AUTH: "It takes our credential.",
        FailureStage.API: "The API server is ready.",
    }[stage]


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _step_of_part(part: str, reading: Reading | None, connection: Connection) -> Step:
    stage = PART_STAGE[part]
    if part not in connection.parts:
        return Step(stage, StepStatus.NOT_CONFIGURED, "It has no address.")
    if reading is None or reading.healthy is None:
        return Step(stage, StepStatus.SKIPPED, "Not asked.")
    if not reading.healthy:
        problem, remedy = reading.problem, reading.remedy
        return Step(stage, StepStatus.FAILED, problem, remedy, reading.latency_ms)
    message = reading.problem or "It answers."
    return Step(stage, StepStatus.OK, message, latency_ms=reading.latency_ms)
