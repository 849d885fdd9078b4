"""Nodes with lost cards of which nothing but the address is known: found and sorted as failing."""

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, OuterRef, Q, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Greatest

from apps.observability.gpus.xids import Severity
from apps.observability.models import GpuCard

# Few nodes have any lost at all: only of those the cards' addresses are looked up.
_ADDRESSES = GpuCard.objects.present().filter(node=OuterRef("pk")).values("bus_id")
HAS_SOME = ~Q(lost=[]) & ~Q(lost__contained_by=ArraySubquery(_ADDRESSES))


def or_worse(severity: Combinable) -> Greatest:
    """Return a node's severity by its cards, or that of cards which it never showed."""
    return Greatest(severity, Case(When(HAS_SOME, then=Value(Severity.CRITICAL.value))))
