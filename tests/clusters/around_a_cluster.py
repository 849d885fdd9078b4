"""What there is to read besides a cluster, each with the id that the cluster has."""

from django.utils import timezone

from apps.accounts.models import User
from apps.clusters.models import Cluster
from apps.observability.actions.gpus import storing
from apps.observability.collect.gpu_rounds import Heard, NodeRead
from apps.observability.gpus.reading import DCGM, Gpu, Holder, NodeReading
from apps.observability.models import (
    Alert,
    AlertEntry,
    AlertPath,
    DeliveryAttempt,
    GpuPricing,
    Notification,
    Receiver,
    Route,
    SavedQuery,
)
from apps.observability.models.alert import Severity, Source, State
from apps.observability.models.alert_story import Deed
from apps.sealed_fields import seal_into
from tests.clusters.canaries import TOKENS
from tests.contract.operations import EXAMPLE_NODE


def put_around(cluster: Cluster, owner: User) -> None:
    SavedQuery.objects.get_or_create(id=cluster.pk, owner=owner, name="up", query="up")
    if not Alert.objects.filter(pk=cluster.pk).exists():
        _add_alert(cluster)
        _add_notification(cluster)
        _add_gpu(cluster)


def _add_alert(cluster: Cluster) -> None:
    now = timezone.now()
    times = dict.fromkeys(("starts_at", "first_received_at", "last_received_at", "changed_at"), now)
    told = {"fingerprint": "f1", "alertname": "Down", "labels": {}, "source": Source.WEBHOOK}
    how = {"state": State.FIRING, "severity": Severity.INFO}
    alert = Alert.objects.create(id=cluster.pk, cluster=cluster, **told, **how, **times)
    AlertPath.objects.get_or_create(cluster=cluster)
    AlertEntry.objects.create(alert=alert, at=now, deed=Deed.COMMENTED, text="a word")


def _add_gpu(cluster: Cluster) -> None:
    now = timezone.now()
    gpu = Gpu(uuid="GPU-1", index=0, holders=(Holder("ml", "train-0", "main"),))
    read = NodeRead(EXAMPLE_NODE, NodeReading(DCGM, (gpu,)), now)
    storing.store([Heard(cluster.pk, cluster.name, now, DCGM, (read,))])
    GpuPricing.objects.get_or_create(currency="EUR")


def _add_notification(cluster: Cluster) -> None:
    """Told to an address that is a secret itself."""
    receiver = Receiver(id=cluster.pk, name="hook", kind="WEBHOOK", host="hooks.example.net")
    seal_into(receiver, "url", f"https://hooks.example.net/{TOKENS['token']}")
    seal_into(receiver, "signing_secret", TOKENS["token"])
    receiver.save()
    now = timezone.now()
    notification = Notification.objects.create(
        id=cluster.pk,
        receiver=receiver,
        route=Route.objects.create(id=cluster.pk, name="all", receiver=receiver),
        status="DELIVERED",
        created_at=now,
        due_at=now,
        closed_at=now,
        delivered_at=now,
    )
    DeliveryAttempt.objects.create(
        notification=notification, at=now, status_code=204, duration_ms=7
    )
