"""Which clusters a query means by its matchers on `cluster`, and what each of them is sent."""

from collections.abc import Sequence

from promql_parser import Expr, Matcher, VectorSelector

from apps.observability.promql import matchers, naming, tree
from apps.observability.promql.guard import SUBQUERY_STEP
from apps.observability.promql.naming import CLUSTER
from apps.observability.promql.writing import Wording, write


def upstream_label(label: str) -> str | None:
    """Return what a cluster calls a label; `cluster` itself it does not know."""
    return None if label == CLUSTER else naming.upstream(label)


class Texts:
    """What each cluster is sent: None where no selector means it.

    A selector that does not mean a cluster is sent to it as one that nothing matches. This is
    right as long as no series means no result, so `absent` must not be in `expr`.
    """

    def __init__(self, expr: Expr, before: str = "", after: str = "") -> None:
        self._expr, self._before, self._after = expr, before, after
        # Texts of one key say the same to every cluster.
        self.key = before + write(expr) + after
        self._tests = [
            [matchers.test(one) for one in selector.matchers.matchers if one.name == CLUSTER]
            for selector in tree.selectors(expr)
        ]
        # The clusters may be a thousand, but the ways in which they are meant are few.
        self._texts: dict[tuple[bool, ...], str] = {}

    def __call__(self, cluster: str) -> str | None:
        meant = self._meant(cluster)
        if not any(meant):
            return None
        if meant not in self._texts:
            self._texts[meant] = self._write(meant)
        return self._texts[meant]

    def means(self, cluster: str) -> bool:
        return any(self._meant(cluster))

    def means_beside_others(self, cluster: str) -> bool:
        """Whether some selectors mean the cluster, and others do not."""
        return len(set(self._meant(cluster))) > 1

    def _meant(self, cluster: str) -> tuple[bool, ...]:
        return tuple(all(test(cluster) for test in tests) for tests in self._tests)

    def _write(self, meant: tuple[bool, ...]) -> str:
        # Selectors are written in the order in which they are found.
        following = iter(meant)
        wording = Wording(
            matchers=lambda selector: _sent(selector, next(following)),
            label=upstream_label,
            step=SUBQUERY_STEP,
        )
        return self._before + write(self._expr, wording) + self._after


def _sent(selector: VectorSelector, meant: bool) -> Sequence[Matcher]:
    kept = [
        Matcher(one.op, naming.upstream(one.name), one.value)
        for one in selector.matchers.matchers
        if one.name != CLUSTER
    ]
    if not meant:
        return [*kept, *matchers.NEVER]
    if selector.name is None and all(matchers.test(one)("") for one in kept):
        # A selector has to have a matcher that leaves something out.
        return [*kept, matchers.ANY_SERIES]
    return kept
