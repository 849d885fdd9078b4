"""What the label `cluster`, and a label of that name that series bring along, is called where.

To the fleet every series has the label `cluster`; one of that name that it had before is called
`exported_cluster` there, one called so `exported_exported_cluster`, and so on, for every series
alike: so a query can be translated without a look at the series.
"""

import re

CLUSTER = "cluster"
_PREFIX = "exported_"
_CHAIN = re.compile(r"(?:exported_)*cluster")
_PLAIN = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_LONGEST = 1024


def upstream(label: str) -> str:
    """Return what a cluster calls this label of the fleet; never asked of `cluster` itself."""
    if label == CLUSTER:
        raise ValueError("no cluster has the label `cluster` of the fleet")
    return label.removeprefix(_PREFIX) if _CHAIN.fullmatch(label) else label


def fleetwide(label: str) -> str:
    """Return what the fleet calls this label of a cluster."""
    return _PREFIX + label if _CHAIN.fullmatch(label) else label


def is_plain(label: str) -> bool:
    """Whether it is a name as labels have it, which needs no quotes, of a length for names."""
    return len(label) <= _LONGEST and _PLAIN.fullmatch(label) is not None


def under(cluster: str, labels: dict[str, str]) -> dict[str, str]:
    """Return a series' labels as the fleet has them: what was called `cluster` moves aside.

    The dictionary itself may be changed. Without a name of a cluster there is none among them.
    """
    # Most have none, and are changed where they are.
    if CLUSTER in " ".join(labels):
        labels = {fleetwide(label): value for label, value in labels.items()}
    if cluster:
        labels[CLUSTER] = cluster
    return labels


def written(label: str) -> str:
    return label if _PLAIN.fullmatch(label) else quoted(label)


_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n"} | {
    chr(code): f"\\x{code:02x}" for code in (*range(10), *range(11, 32), 127)
}
_ESCAPED = re.compile(r'[\\"\x00-\x1f\x7f]')


def quoted(text: str) -> str:
    """Write a text as PromQL writes it, between double quotes."""
    return '"' + _ESCAPED.sub(lambda found: _ESCAPES[found[0]], text) + '"'
