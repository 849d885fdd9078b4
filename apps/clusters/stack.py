"""Which observability and mesh parts a cluster runs, and where they can be asked: pure.

Known by the names that their operators and charts give to services.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from apps.clusters.conclusion import Conclusion, name_some
from apps.clusters.kube.listing import Listed, Unread
from apps.clusters.kube.openshift import Route
from apps.clusters.kube.survey import Found
from apps.clusters.kube.workloads import Port, Service

LOKI_GATEWAY = "gateway-http"
# Others, such as /federate, lead to something else than the API.
API_PATHS = {"", "/", "/api"}


@dataclass(frozen=True, slots=True)
class Part:
    """How the services of a part are called, and on which ports it answers queries."""

    title: str
    name: re.Pattern[str]
    ports: tuple[int, ...]
    unlike: re.Pattern[str] = re.compile(r"(?!)")


THANOS = Part("Thanos", re.compile(r"(^|-)thanos-quer(y|ier)(-frontend)?$"), (9091, 9090, 10902))
PROMETHEUS = Part(
    "Prometheus",
    re.compile(r"(^|-)prometheus(-|$)"),
    (9090, 9091, 80),
    re.compile(r"exporter|operator$|alertmanager|adapter|pushgateway|state-metrics|thanos|webhook"),
)
ALERTMANAGER = Part(
    "Alertmanager", re.compile(r"(^|-)alertmanager(-|$)"), (9093, 9094), re.compile("webhook")
)
LOKI = Part(
    "Loki",
    re.compile(r"^loki$|(^|-)loki-(gateway|gateway-http|query-frontend|read)(-http)?$"),
    (3100, 8080, 80),
)
TEMPO = Part(
    "Tempo", re.compile(r"^tempo$|^tempo-([\w-]+-)?(query-frontend|gateway)$"), (3200, 8080, 3100)
)
MESH = Part("A service mesh", re.compile(r"^istiod(-|$)|^linkerd-dst$|^kuma-control-plane$"), ())
BY_CAPABILITY = {
    "has_prometheus": PROMETHEUS,
    "has_thanos": THANOS,
    "has_tempo": TEMPO,
    "has_loki": LOKI,
    "has_service_mesh": MESH,
}
# Thanos before Prometheus: it answers for both replicas, and for the users' own metrics.
BY_ENDPOINT = {
    "prometheus_url": (THANOS, PROMETHEUS),
    "alertmanager_url": (ALERTMANAGER,),
    "tempo_url": (TEMPO,),
    "loki_url": (LOKI,),
}


def judge_stack(services: Found[Service]) -> dict[str, Conclusion]:
    if isinstance(services, Unread):
        return {name: Conclusion(None, services.reason) for name in BY_CAPABILITY}
    return {name: _judge(part, services.items) for name, part in BY_CAPABILITY.items()}


def _judge(part: Part, services: Iterable[Service]) -> Conclusion:
    found = [str(one.place) for one in services if _is(part, one)]
    if found:
        return Conclusion(True, f"{part.title} has {name_some('service', found)}.")
    return Conclusion(False, f"{part.title} has no service here by any name that we know.")


def suggest(services: Found[Service], routes: Found[Route]) -> dict[str, str]:
    """Offer addresses by endpoint: a route reaches from anywhere, a service from inside only."""
    if isinstance(services, Unread):
        return {}
    by_service = _routes(routes)
    offered = {}
    for endpoint, parts in BY_ENDPOINT.items():
        found = [(part, one) for part in parts for one in services.items if _is(part, one)]
        # One behind a route first, then one with an address of its own; else in given order.
        found.sort(key=lambda pair: (_key(pair[1]) not in by_service, pair[1].headless))
        urls = (_url(part, service, by_service) for part, service in found)
        if url := next((url for url in urls if url), None):
            offered[endpoint] = url
    return offered


def _is(part: Part, service: Service) -> bool:
    name = service.place.name
    if not part.name.search(name) or part.unlike.search(name):
        return False
    return not part.ports or _port(part, service) is not None


def _port(part: Part, service: Service) -> Port | None:
    by_number = {port.number: port for port in service.ports}
    return next((by_number[number] for number in part.ports if number in by_number), None)


def _key(service: Service) -> tuple[str, str]:
    return service.place.namespace, service.place.name


def _routes(routes: Found[Route]) -> dict[tuple[str, str], Route]:
    if not isinstance(routes, Listed):
        return {}
    usable = [route for route in routes.items if route.host and route.path in API_PATHS]
    return {(route.place.namespace, route.service): route for route in reversed(usable)}


def _url(part: Part, service: Service, routes: dict[tuple[str, str], Route]) -> str | None:
    name = service.place.name
    if part is TEMPO and name.endswith("gateway"):
        return None  # Its paths go by tenant, and which there are is not to be seen here.
    path = "/api/logs/v1/application" if part is LOKI and name.endswith(LOKI_GATEWAY) else ""
    if route := routes.get(_key(service)):
        return f"{'https' if route.secure else 'http'}://{route.host}{path}"
    port = _port(part, service)
    if port is None:
        return None
    scheme = "https" if _is_secure(service, port) else "http"
    return f"{scheme}://{name}.{service.place.namespace}.svc:{port.number}{path}"


def _is_secure(service: Service, port: Port) -> bool:
    # OpenShift's own parts stand behind a proxy that speaks TLS, whatever the port is called.
    ours = service.place.namespace.startswith("openshift-")
    return ours or port.number in {443, 8443} or "https" in port.name
