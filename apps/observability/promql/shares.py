"""What a part of a query is to the fleet: each cluster's own matter, or one value for all."""

from collections.abc import Sequence
from dataclasses import dataclass

from promql_parser import Expr, VectorSelector

from apps.observability.promql import tree
from apps.observability.promql.naming import CLUSTER
from apps.observability.promql.narrowing import Texts
from apps.observability.promql.plan import Grouping, Leaf, Merge, Node

VECTOR, SCALAR, STRING, MATRIX = "vector", "scalar", "string", "matrix"


@dataclass(frozen=True, slots=True)
class Spread:
    """Every cluster works this out of its own series, and each result keeps its `cluster`."""

    expr: Expr
    kind: str = VECTOR


@dataclass(frozen=True, slots=True)
class Whole:
    """This is one for the fleet, worked out here; a constant one is the same in every cluster."""

    node: Node
    kind: str = VECTOR
    is_constant: bool = False

    @property
    def can_be_sent(self) -> bool:
        """Whether each cluster may work this out instead: vectors would get its label."""
        return self.is_constant and self.kind != VECTOR


Share = Spread | Whole
_NO_GROUPING = Grouping()


class Leaves:
    """The leaves of one plan: what is asked twice is one leaf."""

    def __init__(self, clusters: Sequence[str]) -> None:
        self._clusters = clusters
        self._made: dict[tuple[object, ...], Leaf] = {}

    def add(
        self,
        texts: Texts,
        merge: Merge = Merge.UNION,
        limit: int = 0,
        grouping: Grouping = _NO_GROUPING,
    ) -> Leaf:
        leaf = Leaf(texts, merge, limit, grouping)
        return self._made.setdefault((texts.key, merge, limit, grouping), leaf)

    def node(self, share: Share) -> Node:
        return share.node if isinstance(share, Whole) else self.add(Texts(share.expr))

    def are_one(self, expr: Expr) -> bool:
        """Whether a single cluster has all that this can read, so that there is no other part."""
        texts = Texts(expr)
        return sum(texts.means(cluster) for cluster in self._clusters) <= 1

    def name_one(self, selector: VectorSelector) -> bool:
        """Whether the selector names one of the clusters, and nothing else will do."""
        said = [one for one in selector.matchers.matchers if one.name == CLUSTER]
        return len(said) == 1 and tree.sign(said[0]) == "=" and said[0].value in self._clusters
