"""Connections of a whole fleet: made once, and handed out again while their rows stay the same.

To read rows and compare them takes a fraction of what it takes to build connections from them.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, models

from apps.clusters.connection import MADE_OF, Connection, connect_all
from apps.clusters.models import Cluster, Credential
from apps.clusters.vault.store import keeper_of

# What is to be read of each cluster, with `values_list`.
COLUMNS = ("pk", *MADE_OF)
Row = tuple[Any, ...]
M = TypeVar("M", bound=models.Model)

MOST_KNOWN = 16_384
_CREDENTIAL = "credential__"
_SEALED = COLUMNS.index(f"{_CREDENTIAL}sealed")


class _Known(NamedTuple):
    """`rules` are the settings that a connection is made by."""

    row: Row
    rules: tuple[object, ...]
    connection: Connection


_known: dict[UUID, _Known] = {}


def connect_rows(rows: Sequence[Row]) -> list[Connection]:
    """Return a connection for each row of COLUMNS, in their order."""
    rules = (settings.ALLOW_INSECURE_UPSTREAMS, settings.SEALING_KEYS)
    found = [_known.get(row[0]) for row in rows]
    new = [
        row
        for row, known in zip(rows, found, strict=True)
        if known is None or known.row != row or known.rules != rules
    ]
    if not new:
        return [known.connection for known in found if known is not None]
    made = dict(zip((row[0] for row in new), connect_all(list(map(_cluster_of, new))), strict=True))
    for row in new:
        if _stays(row, made[row[0]]):
            _keep(_Known(row, rules, made[row[0]]))
    return [
        made[row[0]] if row[0] in made or known is None else known.connection
        for row, known in zip(rows, found, strict=True)
    ]


def _cluster_of(row: Row) -> Cluster:
    read = dict(zip(COLUMNS, row, strict=True))
    held = {name: value for name, value in read.items() if name.startswith(_CREDENTIAL)}
    cluster = loaded(Cluster, {name: read[name] for name in read.keys() - held.keys()})
    if row[_SEALED] is not None:
        told = {name.removeprefix(_CREDENTIAL): value for name, value in held.items()}
        cluster.credential = loaded(Credential, told | {"pk": row[0]})
    return cluster


def loaded(model: type[M], read: Mapping[str, object]) -> M:
    """Return what a query that reads `only` these columns would."""
    meta = model._meta  # noqa: SLF001 - documented by Django, however it is spelled
    known = {meta.pk.attname if name == "pk" else name: read[name] for name in read}
    names = [one.attname for one in meta.concrete_fields if one.attname in known]
    return model.from_db(DEFAULT_DB_ALIAS, names, [known[name] for name in names])


def _stays(row: Row, connection: Connection) -> bool:
    """Whether it is the same tomorrow: a store on the network may know better by then."""
    sealed = row[_SEALED]
    return not connection.problem and (not sealed or keeper_of(str(sealed)) == "database")


def _keep(known: _Known) -> None:
    while len(_known) >= MOST_KNOWN:
        _known.pop(next(iter(_known)), None)
    _known[known.connection.cluster_id] = known
