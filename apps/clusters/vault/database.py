"""Credentials sealed in PostgreSQL: the box is the sealed text itself, bound to its cluster."""

from collections.abc import Iterable
from uuid import UUID

from apps.clusters.errors import BoxClosed
from apps.sealing import SealBroken, seal, unseal


class DatabaseVault:
    def put(self, cluster_id: UUID, text: str) -> str:
        return seal(text, place=_place(cluster_id))

    def open(self, cluster_id: UUID, box: str) -> str:
        try:
            return unseal(box, place=_place(cluster_id))
        except SealBroken as broken:
            raise BoxClosed(str(broken)) from None

    def warm(self, boxes: Iterable[tuple[UUID, str]]) -> None:
        """The rows bring their boxes along."""

    def let_go(self, cluster_id: UUID, box: str) -> None:
        """It went with the row, or when the row was written over."""

    def sweep(self) -> int:
        return 0


def _place(cluster_id: UUID) -> str:
    """What the sealed text is bound to."""
    return f"clusters.credential:{cluster_id}:secrets"
