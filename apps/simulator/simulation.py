"""The whole simulation in one event loop: three sites, and the incidents that happen to them."""

import asyncio
import logging
import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from apps.simulator import alertmanager, binaries, faults, fleet, kube_api, prometheus, storyline
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


@dataclass(frozen=True, slots=True)
class Programs:
    """The programs of this machine; Alertmanager with the folder that it is started in."""

    prometheus: Path | None = None
    alertmanager: tuple[Path, Path] | None = None


def programs_of(prepared: Fleet) -> Programs:
    """Find the programs, and say what a fleet is like without."""
    program = binaries.find("prometheus", prepared.var_dir)
    if program is None:
        logger.warning(binaries.ADVICE)
        return Programs()
    other = binaries.find("alertmanager", prepared.var_dir)
    if other is None:
        logger.warning(binaries.ALERTS_ADVICE)
        return Programs(program)
    return Programs(program, alertmanager.startable(other, prepared.folder))


class Site:
    """One simulated cluster: its API, its exporters, and the ways to its monitoring."""

    def __init__(self, prepared: Fleet, cluster: Cluster, programs: Programs) -> None:
        settings = prepared.settings[cluster.name]
        certificates = prepared.certificates(cluster.name)
        ports = settings.ports
        self.cluster = cluster
        self.api = KubeApi(kube_api.Config(cluster, settings.token, certificates, ports.api))
        self.exporters = Exporters(cluster, ports.exporters)
        self.ingresses: list[Ingress] = []
        self.plan: prometheus.Plan | None = None
        self.alerting: alertmanager.Plan | None = None
        if programs.prometheus is None:
            return
        self.plan = prometheus.Plan(
            cluster,
            programs.prometheus,
            prepared.var_dir,
            ports.prometheus,
            ports.exporters,
            fleet.address(cluster, ports.ingress),
            ports.alertmanager if programs.alertmanager else None,
        )
        doors = [("prometheus", ports.ingress, ports.prometheus)]
        if programs.alertmanager is not None:
            self.alerting = alertmanager.Plan(
                cluster.name,
                *programs.alertmanager,
                certificates.folder,
                ports.alertmanager,
                fleet.address(cluster, ports.alertmanager_ingress),
            )
            doors.append(("alertmanager", ports.alertmanager_ingress, ports.alertmanager))
        self.ingresses = [
            Ingress(
                Way(
                    cluster=cluster,
                    port=port,
                    inner_port=inner,
                    certificates=certificates,
                    token=settings.prometheus_token,
                    other_token=settings.token,
                    part=part,
                )
            )
            for part, port, inner in doors
        ]

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
        for ingress in self.ingresses:
            await ingress.suffer(incidents)

    def watched(self) -> Iterable[Target]:
        return targets(self.cluster, Incidents())

    async def close(self) -> None:
        await self.api.door.shut()
        await self.exporters.door.shut()
        for ingress in self.ingresses:
            await ingress.close()


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


async def run(prepared: Fleet, *, story: bool = False) -> None:
    """Serve the fleet until cancelled; with a story, incidents come and go by themselves."""
    programs = programs_of(prepared)
    sites = [Site(prepared, cluster, programs) for cluster in prepared.clusters().values()]
    gate = asyncio.Semaphore(HISTORIES_AT_ONCE)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(watch(prepared.faults_file, sites))
            if story:
                group.create_task(storyline.tell(prepared.faults_file, prepared.seed))
            # The smallest first, so that there is something to see soon.
            for site in sorted(sites, key=lambda site: len(site.cluster.pods)):
                if site.alerting is not None:
                    group.create_task(alertmanager.live(site.alerting))
                if site.plan is not None:
                    group.create_task(prometheus.live(site.plan, site.watched(), gate))
            for site in sites:
                logger.info("%s: %s", site.cluster.name, site.api.url)
    finally:
        for site in sites:
            await site.close()


async def serve(prepared: Fleet, *, story: bool = False) -> None:
    """Run until SIGTERM or SIGINT. The fleet must be held by `fleet.serving`."""
    running = asyncio.create_task(run(prepared, story=story))
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
