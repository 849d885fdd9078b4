"""Names as Kubernetes gives them. What a server calls its own is put into addresses and rows:
a name with a slash in it would lead our token to another door behind the same host.
"""

import re

# Of pods, nodes and namespaces; containers' are the same, and shorter.
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")


def are_names(*texts: str) -> bool:
    """Whether all of them are names, which no object of an honest server is without."""
    return all(_NAME.fullmatch(text) and ".." not in text for text in texts)
