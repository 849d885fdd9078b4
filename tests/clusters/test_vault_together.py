"""Many credentials in Kubernetes Secrets: read by one list, and one that is broken alone."""

import pytest

from apps.clusters.actions.expiry import tell_expiries
from apps.clusters.actions.importing import Wishes, import_contexts
from apps.clusters.errors import BoxAway
from apps.clusters.models import Cluster, Credential
from apps.clusters.vault.opened import OPENED
from apps.clusters.vault.store import unlock
from tests.clusters.keeper import Keeper
from tests.factories import make_cluster
from tests.factories.kubeconfigs import cluster_of, kubeconfig

pytestmark = pytest.mark.django_db(transaction=True)

MANY = 6


def reads_of(keeper: Keeper) -> list[str]:
    """Return what was read of Secrets since they were all forgotten, by the last word of it."""
    return [asked.rpartition("/")[2] for asked in keeper.safe.asked if asked.startswith("GET")]


def forget(keeper: Keeper) -> None:
    OPENED.clear()
    keeper.safe.asked.clear()


def test_an_import_reads_what_it_would_renew_by_one_list(keeper: Keeper) -> None:
    contexts = {f"site-{number}": (cluster_of(number), {"token": "t"}) for number in range(MANY)}
    text = kubeconfig(**contexts)
    import_contexts(text, Wishes())
    forget(keeper)
    results = import_contexts(text, Wishes(update=True))
    assert [one.status for one in results] == ["EXISTS"] * MANY
    assert reads_of(keeper) == ["secrets"]


def test_the_ends_of_older_credentials_are_read_by_one_list(keeper: Keeper) -> None:
    for number in range(MANY):
        make_cluster(f"site-{number}", token="t")
    Credential.objects.update(holds=[])
    forget(keeper)
    tell_expiries()
    assert not Credential.objects.filter(holds=[]).exists()
    assert reads_of(keeper) == ["secrets"]


def test_a_secret_that_cannot_be_understood_closes_no_other(keeper: Keeper) -> None:
    make_cluster("broken", token="t")
    make_cluster("whole", token="t")
    broken = Cluster.objects.get(name="broken")
    keeper.safe.secrets[f"cluster-creds-{broken.pk}"]["data"] = "no object"
    forget(keeper)
    with pytest.raises(BoxAway, match="cannot be understood"):
        unlock(broken.credential)
    assert unlock(Cluster.objects.get(name="whole").credential).token == "t"
