"""The alerts of a Prometheus itself, as its `/api/v1/alerts` gives them: pending ones among them.

They lack the external labels that it adds for Alertmanager, so that their fingerprints may be
others than Alertmanager's for the same.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from apps.http import Reply, Upstream
from apps.observability.federation.outcome import SourceFailed
from apps.observability.sources import prometheus
from apps.observability.sources.alertmanager import Told, fingerprint_of, fitting, read_moment
from apps.observability.sources.prometheus import Envelope


class _Alert(msgspec.Struct, rename="camel"):
    labels: dict[str, str]
    annotations: dict[str, str] | None = None
    state: str = ""
    active_at: str = ""


class _Alerts(msgspec.Struct):
    alerts: list[_Alert]


class _Runtime(msgspec.Struct, rename="camel"):
    start_time: str = ""


_ALERTS: prometheus.Decoder[_Alerts] = msgspec.json.Decoder(Envelope[_Alerts])
_RUNTIME: prometheus.Decoder[_Runtime] = msgspec.json.Decoder(Envelope[_Runtime])


@dataclass(frozen=True, slots=True)
class Active:
    """`whole`: nothing says that some are missing, such as a server behind Thanos that is away."""

    firing: list[Told]
    pending: list[Told]
    whole: bool


def read(upstream: Upstream, reply: Reply) -> Active:
    said = prometheus.read_as(_ALERTS, upstream, reply)
    try:
        by_state = {
            state: _told(one for one in said.data.alerts if one.state == state)
            for state in ("firing", "pending")
        }
    except ValueError:
        raise SourceFailed(
            "CLUSTER_UNREACHABLE", "Prometheus answers alerts without a start or labels"
        ) from None
    return Active(by_state["firing"], by_state["pending"], not said.partial)


def read_start(upstream: Upstream, reply: Reply) -> str:
    """Return when it started, by its own clock; nothing where it does not say so."""
    return prometheus.read_as(_RUNTIME, upstream, reply).data.start_time


def _told(alerts: Iterable[_Alert]) -> list[Told]:
    found: dict[str, Told] = {}
    for one in alerts:
        starts_at = read_moment(one.active_at)
        if starts_at is None or not one.labels:
            raise ValueError("an alert needs both")
        fingerprint = fingerprint_of(one.labels)
        found[fingerprint] = Told(
            fingerprint=fingerprint,
            starts_at=starts_at,
            ends_at=None,
            firing=True,
            labels=fitting(one.labels),
            annotations=fitting(one.annotations or {}),
        )
    return list(found.values())
