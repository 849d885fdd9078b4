"""The one way out to watched systems: kept connections, one deadline a call, size caps, own CAs.

It speaks HTTP/1.1 by itself, over asyncio's transports; docs/decisions/0011 says why.
"""

from apps.http.addresses import Refusal, refuse_beforehand
from apps.http.ahead import Begun, begin
from apps.http.asking import ask
from apps.http.call import MIB, Call, Reply, Stage, Unreachable, Upstream
from apps.http.place import is_usable
from apps.http.pool import CONNECTIONS_PER_UPSTREAM
from apps.http.talking import Listener, converse
from apps.http.tls import trust

__all__ = [
    "CONNECTIONS_PER_UPSTREAM",
    "MIB",
    "Begun",
    "Call",
    "Listener",
    "Refusal",
    "Reply",
    "Stage",
    "Unreachable",
    "Upstream",
    "ask",
    "begin",
    "converse",
    "is_usable",
    "refuse_beforehand",
    "trust",
]
