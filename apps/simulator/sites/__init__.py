"""The scripts of the three simulated clusters."""

from apps.simulator.sites import frankfurt, oregon, tokyo
from apps.simulator.world import Cluster

NAMES = ("hub-frankfurt", "gpu-oregon", "edge-tokyo")


def fleet(seed: str, epoch: float) -> dict[str, Cluster]:
    """Build the whole fleet; the same seed and epoch give the same fleet on any machine."""
    built = (site.build(seed, epoch) for site in (frankfurt, oregon, tokyo))
    return {cluster.name: cluster for cluster in built}
