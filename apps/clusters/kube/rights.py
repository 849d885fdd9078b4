"""What a rule of Kubernetes' RBAC allows, matched as the API server itself does it: pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

EVERYTHING = "*"
NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Right:
    """One thing that may be done: to a resource ('pods', 'pods/exec'), or at a path of the API.

    Without a name to every object, without a namespace in every one.
    """

    verb: str
    resource: str = ""
    api_group: str = ""
    name: str = ""
    namespace: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a role. `names` empty means all objects; `paths` are those of no resource."""

    verbs: frozenset[str] = NOTHING
    api_groups: frozenset[str] = NOTHING
    resources: frozenset[str] = NOTHING
    names: frozenset[str] = NOTHING
    paths: frozenset[str] = NOTHING

    def allows(self, right: Right) -> bool:
        # To list is to see all: a right to some names is none.
        return self.touches(right) and (not self.names or right.name in self.names)

    def touches(self, right: Right) -> bool:
        """Whether it allows this to at least some object."""
        if not self.verbs & {EVERYTHING, right.verb}:
            return False
        if right.path:
            return any(_covers(path, right.path) for path in self.paths)
        return bool(self.api_groups & {EVERYTHING, right.api_group}) and bool(
            self.resources & _spellings(right.resource)
        )


@dataclass(frozen=True, slots=True)
class Granted:
    """What an API server says that we may do.

    `rules` are kept by namespace, those that hold in all of them under "". Where the server
    could not list them all, each right that no rule allows was asked for, and is in `asked`.
    """

    rules: Mapping[str, tuple[Rule, ...]]
    asked: Mapping[Right, bool] = field(default_factory=dict)

    def allows(self, right: Right) -> bool:
        return any(rule.allows(right) for rule in self._rules_for(right)) or self._said(right)

    def touches(self, right: Right) -> bool:
        return any(rule.touches(right) for rule in self._rules_for(right)) or self._said(right)

    def _rules_for(self, right: Right) -> tuple[Rule, ...]:
        everywhere = self.rules.get("", ())
        return everywhere + self.rules.get(right.namespace, ()) if right.namespace else everywhere

    def _said(self, right: Right) -> bool:
        return self.asked.get(right, False)


def _covers(pattern: str, path: str) -> bool:
    if pattern.endswith(EVERYTHING):
        return path.startswith(pattern.rstrip(EVERYTHING))
    return path == pattern


def _spellings(resource: str) -> set[str]:
    """How a rule may name a resource: '*/exec' is any 'exec', '*' is subresources too."""
    _, slash, subresource = resource.partition("/")
    return {EVERYTHING, resource} | ({f"{EVERYTHING}/{subresource}"} if slash else set())
