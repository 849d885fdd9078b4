"""A plan in one line, as the tables of these tests have it."""

from apps.observability.promql.plan import (
    Aggregation,
    Binary,
    Call,
    Grouping,
    Leaf,
    Matching,
    Merge,
    Negation,
    Node,
    Number,
    Plan,
    Text,
)

CLUSTERS = ("eu", "us")
_CARDS = {"many-to-one": " group_left", "one-to-many": " group_right"}


def said(found: Plan) -> str:
    return ("" if found.kind == "vector" else f"{found.kind} ") + node(found.root)


def node(one: Node) -> str:
    if isinstance(one, Leaf):
        return _leaf(one)
    if isinstance(one, Number):
        return f"{one.value:g}"
    if isinstance(one, Text):
        return repr(one.value)
    return _worked_out(one)


def _worked_out(one: Negation | Binary | Call | Aggregation) -> str:
    match one:
        case Negation(operand=operand):
            return f"-{node(operand)}"
        case Binary():
            left, right = node(one.left), node(one.right)
            returns = " bool" if one.returns_bool else ""
            return f"({left} {one.operator}{returns}{_matching(one.matching)} {right})"
        case Call(function=function, arguments=arguments):
            return f"{function}({', '.join(map(node, arguments))})"
        case Aggregation():
            parameter = "" if one.parameter is None else f"{node(one.parameter)}, "
            return f"{one.operator}{_within(one.grouping)}({parameter}{node(one.operand)})"


def _leaf(leaf: Leaf) -> str:
    texts = [leaf.text_for(cluster) for cluster in CLUSTERS]
    if len(set(texts)) == 1:
        said = f"{texts[0]}"
    else:
        said = "; ".join(f"{name}: {text}" for name, text in zip(CLUSTERS, texts, strict=True))
    first = f" {leaf.limit}{_within(leaf.grouping)}" if leaf.merge in _FIRST else ""
    return f"{leaf.merge}{first}[{said}]"


_FIRST = {Merge.TOPK, Merge.BOTTOMK}


def _within(grouping: Grouping) -> str:
    if grouping == Grouping():
        return ""
    return f" {'by' if grouping.by else 'without'} ({', '.join(grouping.labels)}) "


def _matching(matching: Matching) -> str:
    said = ""
    if matching.on or matching.labels:
        said = f" {'on' if matching.on else 'ignoring'} ({', '.join(matching.labels)})"
    if matching.card in _CARDS:
        said += f"{_CARDS[matching.card]} ({', '.join(matching.include)})"
    return said
