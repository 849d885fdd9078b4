"""The token of a cluster's Alertmanager: shown once, kept as a digest, good for one cluster."""

import pytest

from apps.accounts.models import AuditEvent
from apps.clusters.actions import webhook_tokens
from apps.clusters.errors import ClusterNotFound
from apps.clusters.models import Cluster
from tests.factories import make_cluster

pytestmark = pytest.mark.django_db


def test_a_token_opens_its_own_cluster_alone() -> None:
    one, two = make_cluster("one"), make_cluster("two")
    token = webhook_tokens.rotate(one)
    webhook_tokens.rotate(two)
    one, two = Cluster.objects.get(name="one"), Cluster.objects.get(name="two")
    assert webhook_tokens.verify(one, token)
    assert not webhook_tokens.verify(two, token)


def test_the_old_token_ends_with_the_new_one() -> None:
    cluster = make_cluster("one")
    old, new = webhook_tokens.rotate(cluster), webhook_tokens.rotate(cluster)
    cluster = Cluster.objects.get()
    assert not webhook_tokens.verify(cluster, old)
    assert webhook_tokens.verify(cluster, new)


def test_a_cluster_that_went_meanwhile_is_given_no_token() -> None:
    cluster = make_cluster("one")
    Cluster.objects.all().delete()
    with pytest.raises(ClusterNotFound):
        webhook_tokens.rotate(cluster)


def test_a_digest_copied_to_another_cluster_opens_nothing() -> None:
    one, two = make_cluster("one"), make_cluster("two")
    token = webhook_tokens.rotate(one)
    one = Cluster.objects.get(pk=one.pk)
    two.webhook_token_digest = one.webhook_token_digest
    assert not webhook_tokens.verify(two, token)


@pytest.mark.parametrize("presented", ["", "aiops_wh_", "ü", "a" * 10_000])
def test_a_cluster_without_a_token_lets_nobody_in(presented: str) -> None:
    cluster = make_cluster("one")
    assert not webhook_tokens.verify(cluster, presented)
    webhook_tokens.rotate(cluster)
    assert not webhook_tokens.verify(cluster, presented)


def test_a_token_is_long_and_is_kept_nowhere() -> None:
    cluster = make_cluster("one")
    generation, changed = Cluster.objects.values_list("generation", "updated_at").get()
    token = webhook_tokens.rotate(cluster)
    assert token.startswith("aiops_wh_")
    assert len(token) >= len("aiops_wh_") + 43
    stored = Cluster.objects.get()
    assert token not in str(vars(stored))
    assert (stored.generation, stored.updated_at) == (generation, changed)
    event = AuditEvent.objects.get(action="rotated")
    assert (event.object_type, event.object_name) == ("webhook token", "one")
    assert token not in str(vars(event))
