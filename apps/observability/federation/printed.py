"""Answers just as Prometheus prints them: read in one pass by RE2, the label put between the bytes.

Everything else that JSON allows (blanks, another order, native histograms, a label that is called
`cluster` already) is for merge.py, which reads any answer and takes several times as long.
"""

from functools import lru_cache

import msgspec
import re2

from apps.observability.federation.merge import CHUNK, Part
from apps.observability.promql.naming import CLUSTER

# A series longer than this is mostly samples, over which merge.py is the faster one.
LONG = 4096
_BETWEEN = b',{"metric":{'
_AFTER_LABELS = b'"},"v'

# No control character, quote or backslash; in a value also what JSON escapes, but for surrogates.
_SIGN = r'[^"\\\x00-\x1f]'
_TEXT = rf'"(?:{_SIGN}|\\(?:["\\/bfnrt]|u[0-9a-ce-fA-CE-F][0-9a-fA-F]{{3}}))*"'
_NUMBER = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"
_SAMPLE = rf'\[{_NUMBER},"[0-9.eE+\-NaInf]+"\]'


def _unlike(word: str, whole: str) -> str:
    """Return what matches names that begin as `word` does and then leave it, or `word` `whole`."""
    left = [rf'{word[:at]}(?:[^"\\\x00-\x1f{word[at]}]{_SIGN}*)?' for at in range(1, len(word))]
    return "|".join([*left, f"{word}{whole}"])


def _names() -> str:
    """Return what matches the names that stay in the fleet what they are in a cluster."""
    other = rf'[^"\\\x00-\x1fce]{_SIGN}*'
    no_cluster = _unlike(CLUSTER, f"{_SIGN}+")
    # A name that was exported twice is for merge.py.
    not_again = _unlike("exported", rf'(?:[^"\\\x00-\x1f_]{_SIGN}*)?')
    exported = _unlike("exported_", f"(?:{no_cluster}|{not_again}|{other})?")
    return f'"(?:{no_cluster}|{exported}|{other})"'


def _compiled(values: str) -> "re2._Regexp[bytes]":
    label = f"{_names()}:{_TEXT}"
    series = rf'\{{"metric":\{{{label}(?:,{label})*\}},{values}\}}'
    options = re2.Options()
    # Bytes are signs; whether they are UTF-8 is looked at once, for all of them.
    options.encoding = re2.Options.Encoding.LATIN1
    return re2.compile(f"{series}(?:,{series})*".encode(), options)


_FORMS = {
    "vector": _compiled(f'"value":{_SAMPLE}'),
    "matrix": _compiled(rf'"values":\[{_SAMPLE}(?:,{_SAMPLE})*\]'),
}


def splice(body: bytes, kind: str, cluster: str) -> Part | None:
    """Return the series of a whole answer; None where it is not printed so, or they are long."""
    head, tail = b'{"status":"success","data":{"resultType":"%s","result":[' % kind.encode(), b"]}}"
    if not body.startswith(head + _BETWEEN[1:]) or not body.endswith(tail) or not _is_text(body):
        return None
    at, end = len(head), len(body) - len(tail)
    if kind == "matrix" and end - at > LONG and body.find(_BETWEEN, at, at + LONG) < 0:
        return None
    form, labelled = _FORMS[kind], _labelled(cluster)
    chunks, number = [], 0
    while at < end:
        stop = end if end - at <= CHUNK else body.rfind(_BETWEEN, at, at + CHUNK)
        if stop < 0 or form.fullmatch(chunk := body[at:stop]) is None:
            return None
        pieces = chunk.split(_AFTER_LABELS)
        chunks.append(labelled.join(pieces))
        number += len(pieces) - 1
        at = stop + 1
    return Part(chunks, number)


def _is_text(body: bytes) -> bool:
    if body.isascii():
        return True
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


@lru_cache(maxsize=1024)
def _labelled(cluster: str) -> bytes:
    return b'","%s":%s},"v' % (CLUSTER.encode(), msgspec.json.encode(cluster))
