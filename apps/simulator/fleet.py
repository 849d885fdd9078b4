"""The simulated fleet under var/: ports, tokens, certificates, and its members."""

import base64
import contextlib
import fcntl
import json
import os
import secrets
import time
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import yaml

from apps.simulator import binaries, certificates, ports, sites
from apps.simulator.certificates import Certificates
from apps.simulator.doors import HOST
from apps.simulator.ports import Ports
from apps.simulator.world import Cluster

SEED = "aiops"
PARTS = ("prometheus", "alertmanager")
# How long the clusters have been running when they are first seen.
AGE_SECONDS = 23 * 86_400


class NotPreparedError(RuntimeError):
    """There is no fleet yet."""


class AlreadyServedError(RuntimeError):
    """Another process serves this fleet."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What is chosen once for a cluster. Tokens are kept out of its repr."""

    ports: Ports
    token: str
    prometheus_token: str

    def __repr__(self) -> str:
        return f"Settings(ports={self.ports})"


@dataclass(frozen=True, slots=True)
class Fleet:
    """A prepared fleet: its folder, its worlds, and what was chosen for each."""

    var_dir: Path
    seed: str
    epoch: float
    settings: dict[str, Settings]

    @property
    def folder(self) -> Path:
        return folder_of(self.var_dir)

    @property
    def faults_file(self) -> Path:
        return faults_file(self.var_dir)

    def clusters(self) -> dict[str, Cluster]:
        return sites.fleet(self.seed, self.epoch)

    def certificates(self, name: str) -> Certificates:
        return Certificates(self.folder / name)


@dataclass(frozen=True, slots=True)
class Member:
    """A simulated cluster as it is registered. Tokens are kept out of its repr."""

    name: str
    display_name: str
    cluster_type: str
    platform: str
    region: str
    environment: str
    labels: dict[str, str]
    api_server_url: str
    ca_bundle: str
    token: str
    prometheus_url: str | None
    prometheus_token: str | None
    alertmanager_url: str | None = None

    def __repr__(self) -> str:
        return f"Member({self.name!r}, {self.api_server_url!r})"


def folder_of(var_dir: Path) -> Path:
    return var_dir / "simulator"


def faults_file(var_dir: Path) -> Path:
    return folder_of(var_dir) / "faults.json"


def load(var_dir: Path) -> Fleet:
    try:
        read = json.loads((folder_of(var_dir) / "fleet.json").read_text())
    except FileNotFoundError as error:
        raise NotPreparedError("No fleet yet: run `manage.py simulate prepare`.") from error
    known = {
        name: Settings(Ports(**entry["ports"]), entry["token"], entry["prometheus_token"])
        for name, entry in read["clusters"].items()
    }
    return Fleet(var_dir, read["seed"], read["epoch"], known)


def prepare(var_dir: Path) -> Fleet:
    """Make what is missing. A port that another program took meanwhile is replaced and saved."""
    with contextlib.suppress(AlreadyServedError), serving(var_dir):
        return settle(var_dir)
    # Whoever serves the fleet holds its ports: they are busy, and right.
    return load(var_dir)


def settle(var_dir: Path) -> Fleet:
    """Prepare, for a caller that already holds the fleet by `serving`."""
    try:
        known = load(var_dir)
    except NotPreparedError:
        known = Fleet(var_dir, SEED, float(int(time.time()) - AGE_SECONDS), {})
    taken: set[int] = set()
    chosen: dict[str, Settings] = {}
    for name, cluster in known.clusters().items():
        names = (f"api.{cluster.domain}", "localhost", "kubernetes", "kubernetes.default.svc")
        certificates.prepare(known.folder / name, name, names)
        old = known.settings.get(name)
        chosen[name] = Settings(
            ports=ports.settle(old.ports if old else None, taken),
            token=old.token if old else secrets.token_urlsafe(48),
            # OpenShift's tokens are opaque and begin like this.
            prometheus_token=old.prometheus_token if old else f"sha256~{secrets.token_urlsafe(32)}",
        )
    fleet = Fleet(var_dir, known.seed, known.epoch, chosen)
    save(fleet)
    return fleet


def save(fleet: Fleet) -> None:
    entries = {name: asdict(settings) for name, settings in fleet.settings.items()}
    text = json.dumps({"seed": fleet.seed, "epoch": fleet.epoch, "clusters": entries}, indent=1)
    certificates.write(fleet.folder / "fleet.json", text.encode())


@contextlib.contextmanager
def serving(var_dir: Path) -> Iterator[None]:
    """Hold the fleet, so that two processes never serve it at once."""
    folder = folder_of(var_dir)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(folder / "serve.lock", os.O_WRONLY | os.O_CREAT, 0o600)
    with os.fdopen(handle, "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyServedError(f"Another process serves the fleet in {folder}.") from error
        yield


def members(var_dir: Path) -> list[Member]:
    """Return the prepared fleet as it is to be registered."""
    fleet = load(var_dir)
    found = {part for part in PARTS if binaries.find(part, var_dir) is not None}
    # Without a Prometheus nobody has anything to say to an Alertmanager.
    parts = found if "prometheus" in found else set()
    return [member(fleet, cluster, parts) for cluster in fleet.clusters().values()]


def kubeconfig(fleet: list[Member]) -> str:
    """Return a kubeconfig with one context for each member, as people keep them."""
    entries: dict[str, list[dict[str, object]]] = {"clusters": [], "users": [], "contexts": []}
    for one in fleet:
        authority = base64.b64encode(one.ca_bundle.encode()).decode()
        server = {"server": one.api_server_url, "certificate-authority-data": authority}
        user = f"reader@{one.name}"
        entries["clusters"].append({"name": one.name, "cluster": server})
        entries["users"].append({"name": user, "user": {"token": one.token}})
        context = {"cluster": one.name, "user": user}
        entries["contexts"].append({"name": one.name, "context": context})
    head = {"apiVersion": "v1", "kind": "Config", "current-context": fleet[0].name}
    return yaml.safe_dump({**head, **entries}, sort_keys=False, width=10**6)


def address(cluster: Cluster, port: int) -> str:
    """Where a part of a cluster's monitoring is reached from outside."""
    return f"{'https' if cluster.is_openshift else 'http'}://{HOST}:{port}"


def member(fleet: Fleet, cluster: Cluster, parts: Collection[str]) -> Member:
    settings = fleet.settings[cluster.name]
    ports = settings.ports
    urls = {
        "prometheus": address(cluster, ports.ingress),
        "alertmanager": address(cluster, ports.alertmanager_ingress),
    }
    known = {part: url for part, url in urls.items() if part in parts}
    return Member(
        name=cluster.name,
        display_name=cluster.display_name,
        cluster_type=cluster.cluster_type,
        platform=cluster.platform,
        region=cluster.region,
        environment=cluster.environment,
        labels=dict(cluster.labels),
        api_server_url=f"https://{HOST}:{ports.api}",
        ca_bundle=fleet.certificates(cluster.name).ca_bundle(),
        token=settings.token,
        prometheus_url=known.get("prometheus"),
        prometheus_token=settings.prometheus_token if known and cluster.is_openshift else None,
        alertmanager_url=known.get("alertmanager"),
    )
