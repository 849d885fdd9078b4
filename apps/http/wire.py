"""HTTP/1.1 as bytes: a call written down, an answer's head and body read strictly. No network.

Strict, because whoever guesses where a broken answer ends shows one answer as another's.
"""

import re
import time
from collections.abc import Iterable
from email.utils import parsedate_to_datetime
from functools import lru_cache
from urllib.parse import quote, urlencode

from apps.http.bodies import Body, Chunked, Sized, UntilClose, broken
from apps.http.call import Berth, Call, Stage, Unreachable, Upstream
from apps.http.place import PLAIN, Place

Field = tuple[str, str]

HEAD_CAP = 64 * 1024
# As much of each answer is read without a berth.
LARGE = 256 * 1024
# An upstream may send interim answers (1xx) before the real one; more than these are a game.
MOST_INTERIM = 8
BODILESS = {204, 304}
# Too many requests, or none just now: such answers may say when to come again.
CROWDED = {429, 503}

_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: [^\x00\r\n]*)?\Z")
# Blanks around the value are not the expression's work: one that may give them to either side
# tries every way, and a header of a few kilobytes of them would stop the loop for minutes.
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):([^\x00\r\n]*)\Z")
_LENGTH = re.compile(rb"[0-9]{1,18}\Z")
_WANTED = {b"content-length", b"transfer-encoding", b"content-encoding", b"connection"}


def compose(upstream: Upstream, place: Place, call: Call) -> bytes:
    """Return the request's bytes; raise ValueError for what no request can carry."""
    asked, body = (call.verb, _target_of(place, call)), call.body
    # What is signed is never sent again, and need not be remembered.
    begin = _head.__wrapped__ if call.fields else _head
    return begin(upstream, place, asked, call.content_type, len(body), call.fields) + body


# An upstream is asked the same again and again, with bodies of a few lengths.
@lru_cache(maxsize=16_384)
def _head(
    upstream: Upstream,
    place: Place,
    asked: tuple[str, str],
    kind: str,
    length: int,
    more: tuple[Field, ...],
) -> bytes:
    fields = [("User-Agent", "aiops-nextgen"), ("Accept", "application/json"), *shown(upstream)]
    if kind:
        fields.append(("Content-Type", kind))
    fields += more
    return head(place, asked, fields, length)


def shown(upstream: Upstream) -> list[Field]:
    """Return what opens the upstream's door, if anything does."""
    token = upstream.token
    return [("Authorization", f"{upstream.scheme} {token}")] if token else []


def head(place: Place, asked: tuple[str, str], fields: Iterable[Field], length: int) -> bytes:
    """Return a request's head; raise ValueError for what none can carry.

    `asked` is the method and the target; `fields` are those besides what is said of any connection.
    """
    line = " ".join((*asked, "HTTP/1.1"))
    if line.count(" ") != 2:
        raise ValueError("a blank in the method or the path")
    lines = [line, f"Host: {place.authority}", "Accept-Encoding: identity"]
    if length or asked[0] in {"POST", "PUT", "PATCH"}:
        lines.append(f"Content-Length: {length}")
    lines += [f"{name}: {value}" for name, value in fields]
    written = "".join(lines)
    if not written.isascii() or not written.isprintable():
        raise ValueError("a line break or another sign that no header has")
    return "\r\n".join([*lines, "", ""]).encode()


def _target_of(place: Place, call: Call) -> str:
    target = place.prefix + _quoted(call.path) or "/"
    if not (call.params or place.query):
        return target
    asked = urlencode(call.params, doseq=True, quote_via=quote) if call.params else ""
    if place.query or asked:
        target += "?" + "&".join(filter(None, (place.query, asked)))
    return target


@lru_cache(maxsize=1024)
def _quoted(path: str) -> str:
    return quote(path, safe=PLAIN)


class Answer:
    """One answer as it comes in. Raises Unreachable as soon as it cannot become a whole one."""

    def __init__(self, verb: str, cap: int, berth: Berth | None = None) -> None:
        self.verb = verb
        self._berth = berth
        self.status = 0
        # The lines of the head after the first, once it is there.
        self.head: list[bytes] = []
        self.begun = False
        self._cap = cap
        self._head = b""
        self._interim = 0
        self._lasting = False
        self._body: Body | None = None

    @property
    def content(self) -> bytes:
        return self._body.content.whole() if self._body else b""

    def take_berth(self) -> Berth | None:
        """Return what is to be waited for before more is read, once, if the answer is large."""
        if self._berth is None or self._body is None or self._body.content.size < LARGE:
            return None
        berth, self._berth = self._berth, None
        return berth

    def take(self) -> bytes:
        """Return what came of the body since it was last taken."""
        piece = self.content
        if self._body:
            self._body.content.clear()
        return piece

    @property
    def headers(self) -> list[tuple[bytes, bytes]] | None:
        """The header's fields, once it is whole."""
        if self._body is None:
            return None
        found = map(_FIELD.match, self.head)
        return [(each[1], each[2].strip(b" \t")) for each in found if each]

    @property
    def retry_after(self) -> float | None:
        """The seconds until it wants to be asked again; nonsense is none at all."""
        if self.status not in CROWDED:
            return None
        said = next(
            (value for name, value in self.headers or () if name.lower() == b"retry-after"), b""
        )
        if _LENGTH.match(said):
            return float(said)
        try:
            return max(0.0, parsedate_to_datetime(said.decode("latin-1")).timestamp() - time.time())
        except (ValueError, OverflowError):
            return None

    @property
    def keeps_connection(self) -> bool:
        """Whether another question may follow; not after bytes that belong to no answer."""
        return self._lasting and self._body is not None and not self._body.excess

    def feed(self, data: bytes) -> bool:
        """Take in what came; return whether the answer is whole."""
        self.begun = True
        while self._body is None:
            read = self._read_head(data)
            if read is None:
                return False
            data = read
        return self._body.feed(data)

    def close(self) -> bool:
        """The connection ended; return whether that is how the answer ends."""
        return self._body is not None and self._body.close()

    def _read_head(self, data: bytes) -> bytes | None:
        """Return what follows the head, or None while it is not all there."""
        searched = max(0, len(self._head) - 3)
        self._head += data
        end = self._head.find(b"\r\n\r\n", searched)
        if (len(self._head) if end < 0 else end) > HEAD_CAP:
            raise Unreachable(Stage.SIZE, f"the answer's header is larger than {HEAD_CAP} bytes")
        if end < 0:
            return None
        rest = self._head[end + 4 :]
        first, *lines = self._head[:end].split(b"\r\n")
        self._head = b""
        self._understand(first, lines)
        return rest

    def _understand(self, first: bytes, lines: list[bytes]) -> None:
        fields = _fields(lines)
        line = _STATUS_LINE.match(first)
        if not line:
            raise broken("the connection broke: what answers does not speak HTTP/1.1")
        self.status = int(line[2])
        if self.status < 200:
            self._interim += 1
            if self.status == 101 or self._interim > MOST_INTERIM:
                raise broken("the connection broke: it answers another question than ours")
            return
        self.head = lines
        old = line[1] == b"0"
        words = {word.strip() for word in fields.get(b"connection", b"").lower().split(b",")}
        self._lasting = b"close" not in words and (b"keep-alive" in words if old else True)
        if old and b"transfer-encoding" in fields:
            # HTTP/1.0 knows no chunks: somebody on the way may have passed on what he did not read.
            self._lasting = False
        self._body = self._body_by(fields)

    def _body_by(self, fields: dict[bytes, bytes]) -> Body:
        length, coding = fields.get(b"content-length"), fields.get(b"transfer-encoding")
        if self.verb == "HEAD" or self.status in BODILESS:
            if self.status == 204 and (coding or length not in {None, b"0"}):
                # What it must not send and says it does would be taken for the next answer.
                self._lasting = False
            return Sized(0, self._cap)
        # A few kilobytes can unpack to gigabytes; we asked for none of it.
        if fields.get(b"content-encoding", b"identity").lower() not in {b"", b"identity"}:
            raise broken("it answers compressed, although asked not to")
        if coding is not None:
            if length is not None or coding.lower() != b"chunked":
                raise broken("the connection broke: where its answer ends is not clear")
            return Chunked(self._cap)
        if length is None:
            self._lasting = False
            return UntilClose(self._cap)
        if not _LENGTH.match(length):
            raise broken("the connection broke: its answer has no valid length")
        return Sized(int(length), self._cap)


def named(lines: list[bytes]) -> dict[bytes, bytes]:
    """Return a head's fields by their names in lower case; one that comes twice, as a list."""
    found: dict[bytes, bytes] = {}
    for line in lines:
        field = _FIELD.match(line)
        if not field:
            raise broken("the connection broke: its answer has no valid header")
        name, value = field[1].lower(), field[2].strip(b" \t")
        found[name] = found[name] + b"," + value if name in found else value
    return found


def _fields(lines: list[bytes]) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    for line in lines:
        field = _FIELD.match(line)
        if not field:
            raise broken("the connection broke: its answer has no valid header")
        name = field[1].lower()
        if name not in _WANTED:
            continue
        value = field[2].strip(b" \t")
        if name in found and not (name == b"content-length" and found[name] == value):
            value = found[name] + b"," + value
        found[name] = value
    return found
