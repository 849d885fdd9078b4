"""The whole simulation in one event loop: three sites, and the incidents that happen to them."""

import asyncio
import logging
import signal
import time
from collections.abc import Iterable
from pathlib import Path

from aiohttp import web

from apps.simulator import binaries, faults, kube_api, prometheus
from apps.simulator.doors import Door, PortTakenError
from apps.simulator.exposition import CONTENT_TYPE, Family, render
from apps.simulator.faults import Incidents
from apps.simulator.fleet import Fleet
from apps.simulator.ingress import Ingress, Way
from apps.simulator.kube_api import KubeApi
from apps.simulator.targets import Target, targets
from apps.simulator.world import Cluster

logger = logging.getLogger(__name__)

# `simulate fault` is to be noticed within half a second.
LOOK_SECONDS = 0.2
# Two histories at once keep two processors busy; a third would only make all of them late.
HISTORIES_AT_ONCE = 2


class Exporters:
    """All exporters of a cluster behind one port, told apart by path."""

    def __init__(self, cluster: Cluster, port: int) -> None:
        self.cluster = cluster
        self.door = Door(self.answer, port)
        self.suffer(Incidents())

    def suffer(self, incidents: Incidents) -> None:
        self.incidents = incidents
        self.targets = {target.path: target for target in targets(self.cluster, incidents)}
        # Kept until the next incident: building them takes longer than printing them.
        self.printed: dict[str, list[Family]] = {}

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        target = self.targets.get(request.path)
        if target is None:
            return web.Response(text="404 page not found\n", status=404)
        now = time.time()
        if not target.answers(self.incidents, now):
            return web.Response(text="no answer\n", status=503)
        if target.path not in self.printed:
            self.printed[target.path] = target.families()
        body = render(self.printed[target.path], now).encode()
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE})


class Site:
    """One simulated cluster: its API, its exporters, and the way to its Prometheus."""

    def __init__(self, fleet: Fleet, cluster: Cluster, program: Path | None) -> None:
        settings = fleet.settings[cluster.name]
        certificates = fleet.certificates(cluster.name)
        ports = settings.ports
        self.cluster = cluster
        self.api = KubeApi(kube_api.Config(cluster, settings.token, certificates, ports.api))
        self.exporters = Exporters(cluster, ports.exporters)
        self.ingress: Ingress | None = None
        self.plan: prometheus.Plan | None = None
        if program is not None:
            self.ingress = Ingress(
                Way(
                    cluster=cluster,
                    port=ports.ingress,
                    prometheus_port=ports.prometheus,
                    certificates=certificates,
                    token=settings.prometheus_token,
                    other_token=settings.token,
                )
            )
            self.plan = prometheus.Plan(
                cluster.name, program, fleet.var_dir, ports.prometheus, ports.exporters
            )

    async def suffer(self, incidents: Incidents) -> None:
        """Make the site as the incidents of this moment leave it."""
        now = time.time()
        self.api.suffer(incidents)
        self.exporters.suffer(incidents)
        await self.exporters.door.open()
        if incidents.active("api-down", now):
            await self.api.door.shut()
        else:
            await self.api.door.open()
        if self.ingress is not None:
            self.ingress.suffer(incidents)
            # OpenShift's router stays and says so; elsewhere nobody listens any more.
            gone = incidents.active("prometheus-down", now) and not self.cluster.is_openshift
            if gone:
                await self.ingress.door.shut()
            else:
                await self.ingress.open()

    def watched(self) -> Iterable[Target]:
        return targets(self.cluster, Incidents())

    async def close(self) -> None:
        await self.api.door.shut()
        await self.exporters.door.shut()
        if self.ingress is not None:
            await self.ingress.close()


async def watch(path: Path, sites: Iterable[Site]) -> None:
    """Apply the incidents now, and again whenever their file changes."""
    applied: dict[str, Incidents | None] = {}
    while True:
        journal = faults.load(path)
        for site in sites:
            incidents = faults.of_cluster(journal, site.cluster.name)
            if applied.get(site.cluster.name) != incidents:
                await site.suffer(incidents)
                applied[site.cluster.name] = incidents
        await asyncio.sleep(LOOK_SECONDS)


async def run(prepared: Fleet) -> None:
    """Serve the fleet until cancelled."""
    program = binaries.find("prometheus", prepared.var_dir)
    if program is None:
        logger.warning(binaries.ADVICE)
    sites = [Site(prepared, cluster, program) for cluster in prepared.clusters().values()]
    gate = asyncio.Semaphore(HISTORIES_AT_ONCE)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(watch(prepared.faults_file, sites))
            # The smallest first, so that there is something to see soon.
            for site in sorted(sites, key=lambda site: len(site.cluster.pods)):
                if site.plan is not None:
                    group.create_task(prometheus.live(site.plan, site.watched(), gate))
            for site in sites:
                logger.info("%s: %s", site.cluster.name, site.api.url)
    finally:
        for site in sites:
            await site.close()


async def serve(prepared: Fleet) -> None:
    """Run until SIGTERM or SIGINT. The fleet must be held by `fleet.serving`."""
    running = asyncio.create_task(run(prepared))
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, running.cancel)
    try:
        await running
    except asyncio.CancelledError:
        logger.info("The fleet is at rest.")
    except ExceptionGroup as group:
        taken = group.subgroup(PortTakenError)
        if taken is None:
            raise
        raise taken.exceptions[0] from group
