"""How a question to the fleet is answered: what each cluster is asked, and what is done with it.

The fleet is one Prometheus that holds every cluster's series, each with the label `cluster` added.
A plan is a tree. Its leaves are answered by the clusters, each for itself; what stands above a
leaf is worked out here, on the leaves' merged results, step by step of one common grid.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal


class Merge(StrEnum):
    """How the clusters' parts of one leaf become one vector."""

    UNION = "UNION"  # each series keeps its cluster's label: the parts are disjoint
    SUM = "SUM"
    MIN = "MIN"
    MAX = "MAX"
    GROUP = "GROUP"
    TOPK = "TOPK"
    BOTTOMK = "BOTTOMK"


@dataclass(frozen=True, slots=True)
class Grouping:
    """`by` keeps these labels; `without` (by=False) drops these, and the metric's name."""

    labels: tuple[str, ...] = ()
    by: bool = True


@dataclass(frozen=True, slots=True)
class Leaf:
    """One query that each cluster answers of its own.

    `text_for` returns what to send to the cluster of this name, or None where nothing there can
    match, so that it need not be asked. With SUM, MIN, MAX and GROUP the parts carry no cluster
    label and those of equal labels are combined; COUNT is a SUM of counts, AVG a division of two
    leaves. With TOPK and BOTTOMK each part holds its own first `limit`, of which `grouping` says
    within which groups the first of all are sought. Whether a cluster is added or not,
    `naming.fleetwide` says what the labels of a part are called here: a cluster's own `cluster`
    is `exported_cluster`.
    """

    text_for: Callable[[str], str | None]
    merge: Merge = Merge.UNION
    limit: int = 0
    grouping: Grouping = field(default_factory=Grouping)


@dataclass(frozen=True, slots=True)
class Number:
    """A literal: a scalar."""

    value: float


@dataclass(frozen=True, slots=True)
class Text:
    """A literal text; only a whole query may be one."""

    value: str


@dataclass(frozen=True, slots=True)
class Negation:
    operand: "Node"


@dataclass(frozen=True, slots=True)
class Matching:
    """`on` names the labels that must be equal, else (on=False) those that need not be."""

    labels: tuple[str, ...] = ()
    on: bool = False
    # Many-to-one is group_left, one-to-many group_right; set operators are many-to-many.
    card: Literal["one-to-one", "many-to-one", "one-to-many", "many-to-many"] = "one-to-one"
    include: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Binary:
    """`operator` as PromQL writes it; `returns_bool` is the modifier `bool`."""

    operator: str
    left: "Node"
    right: "Node"
    matching: Matching = field(default_factory=Matching)
    returns_bool: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """A function of PromQL over what was worked out here: never one over a range."""

    function: str
    arguments: tuple["Node", ...] = ()


@dataclass(frozen=True, slots=True)
class Aggregation:
    """An aggregation over a vector that was worked out here, so over whole fleet-wide values."""

    operator: str
    operand: "Node"
    grouping: Grouping = field(default_factory=Grouping)
    parameter: "Node | None" = None


Node = Leaf | Number | Text | Negation | Binary | Call | Aggregation


@dataclass(frozen=True, slots=True)
class Plan:
    """`kind` is that of the result of an instant query: vector, scalar, string or matrix."""

    root: Node
    kind: str = "vector"

    @property
    def leaves(self) -> list[Leaf]:
        return list(_leaves(self.root))

    @property
    def is_plain(self) -> bool:
        """Whether the clusters' answers only have to be put together, unread."""
        return isinstance(self.root, Leaf) and self.root.merge == Merge.UNION


def _leaves(node: Node) -> Iterator[Leaf]:
    match node:
        case Leaf():
            yield node
        case Negation(operand=operand):
            yield from _leaves(operand)
        case Binary(left=left, right=right):
            yield from _leaves(left)
            yield from _leaves(right)
        case Call(arguments=arguments):
            for argument in arguments:
                yield from _leaves(argument)
        case Aggregation(operand=operand, parameter=parameter):
            yield from _leaves(operand)
            if parameter is not None:
                yield from _leaves(parameter)
