"""`manage.py simulate`: serve the simulated fleet, and switch its scripted incidents."""

import asyncio
import json
import logging
import os
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from apps.simulator import binaries, doors, faults, fleet, history, simulation, sites, tokens
from apps.simulator.alertmanager import Webhook


class Command(BaseCommand):
    """Serve the simulated fleet, or switch its incidents."""

    help = "Serve a simulated fleet on this machine, and switch its scripted incidents."
    # Needs neither the database nor a complete project: it is what the project looks at.
    requires_system_checks = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        serve = actions.add_parser("serve", help="run the fleet until SIGTERM or Ctrl-C")
        serve.add_argument("--register", action="store_true", help="register its addresses first")
        serve.add_argument("--story", action="store_true", help="have incidents come and go")
        actions.add_parser("prepare", help="make certificates, tokens and ports where missing")
        register = actions.add_parser(
            "register", help="register the fleet with the platform, safe to repeat"
        )
        for one in (serve, register):
            one.add_argument("--platform", default=platform(), help="where alerts are told to")
        actions.add_parser("history", help="put missing history in (while the fleet is not served)")
        actions.add_parser("kubeconfig", help="print a kubeconfig of the fleet, to try an import")
        token = actions.add_parser("token", help="make another token of the reader, one that ends")
        token.add_argument("--cluster", required=True)
        token.add_argument("--hours", type=float, default=24.0)
        listed = actions.add_parser("faults", help="list the faults, and which are on")
        listed.add_argument("--json", action="store_true", help="print JSON")
        fault = actions.add_parser("fault", help="switch a fault on")
        fault.add_argument("name")
        fault.add_argument("--cluster", required=True)
        fault.add_argument("--delay", type=float, default=20.0, metavar="SECONDS")
        fault.add_argument("--never", action="store_true", help="prometheus-slow: never answer")
        heal = actions.add_parser("heal", help="switch one fault off, or all of a cluster")
        heal.add_argument("name", nargs="?")
        heal.add_argument("--cluster", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        var_dir = Path(settings.VAR_DIR)
        action = getattr(self, options["action"])
        try:
            action(var_dir, options)
        except (
            faults.UnknownFaultError,
            fleet.NotPreparedError,
            fleet.AlreadyServedError,
            history.HistoryError,
            doors.PortTakenError,
        ) as error:
            raise CommandError(str(error)) from error

    def serve(self, var_dir: Path, options: dict[str, Any]) -> None:
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
        with fleet.serving(var_dir):
            prepared = fleet.settle(var_dir)
            if options["register"]:
                # A port that was taken meanwhile has been replaced.
                self.register(var_dir, options)
                connections.close_all()
            asyncio.run(simulation.serve(prepared, story=options["story"]))

    def prepare(self, var_dir: Path, options: dict[str, Any]) -> None:
        prepared = fleet.prepare(var_dir)
        self.stdout.write(f"The fleet is ready in {prepared.folder}: {', '.join(sites.NAMES)}.")

    def register(self, var_dir: Path, options: dict[str, Any]) -> None:
        from apps.simulator import registrar  # the models are wanted by this action alone

        members = fleet.members(var_dir)
        for cluster, member in zip(registrar.register(members), members, strict=True):
            if member.alertmanager_url:
                webhook = Webhook(fleet.folder_of(var_dir) / cluster.name)
                registrar.subscribe(cluster, webhook, options["platform"])
            self.stdout.write(f"{cluster.name} is registered.")

    def kubeconfig(self, var_dir: Path, options: dict[str, Any]) -> None:
        self.stdout.write(fleet.kubeconfig(fleet.members(var_dir)))

    def token(self, var_dir: Path, options: dict[str, Any]) -> None:
        secret = fleet.load(var_dir).settings[known(options["cluster"])].token
        self.stdout.write(tokens.mint(secret, time.time(), options["hours"] * 3600))

    def history(self, var_dir: Path, options: dict[str, Any]) -> None:
        promtool = binaries.find("promtool", var_dir)
        if promtool is None:
            raise CommandError(binaries.ADVICE)
        fleet.prepare(var_dir)
        with fleet.serving(var_dir):
            for cluster in fleet.load(var_dir).clusters().values():
                blocks = history.fill(var_dir, cluster, promtool, time.time())
                self.stdout.write(f"{cluster.name}: {blocks} blocks")

    def faults(self, var_dir: Path, options: dict[str, Any]) -> None:
        now = time.time()
        on = [i for i in faults.load(fleet.faults_file(var_dir)) if i.covers(now)]
        rows = [
            {
                "name": fault.name,
                "says": fault.says,
                "fits": [name for name in sites.NAMES if fault.fits(name)],
                "on": [interval.cluster for interval in on if interval.fault == fault.name],
            }
            for fault in faults.TABLE.values()
        ]
        if options["json"]:
            self.stdout.write(json.dumps(rows, indent=1))
            return
        for row in rows:
            where = f"  ON: {', '.join(row['on'])}" if row["on"] else ""
            self.stdout.write(f"{row['name']:<16} {row['says']}{where}")

    def fault(self, var_dir: Path, options: dict[str, Any]) -> None:
        cluster = known(options["cluster"])
        delay = None if options["never"] else options["delay"]
        faults.switch_on(fleet.faults_file(var_dir), options["name"], cluster, time.time(), delay)
        self.stdout.write(f"{options['name']} is on at {cluster}.")

    def heal(self, var_dir: Path, options: dict[str, Any]) -> None:
        cluster = known(options["cluster"])
        ended = faults.heal(fleet.faults_file(var_dir), cluster, time.time(), options["name"])
        self.stdout.write(f"Healed at {cluster}: {', '.join(ended) or 'nothing was on'}.")


def platform() -> str:
    """Where the platform listens that is started beside the fleet."""
    return f"http://{doors.HOST}:{os.environ.get('PORT') or 8000}"


def known(cluster: str) -> str:
    if cluster not in sites.NAMES:
        raise CommandError(f"There is no cluster {cluster!r}. Clusters: {', '.join(sites.NAMES)}.")
    return cluster
