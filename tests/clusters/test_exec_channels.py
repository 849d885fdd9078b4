"""What servers may send over an opened WebSocket, in whatever frames, and what is made of it."""

import itertools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.frames import Opcode

from apps.clusters.kube.exec_refusals import Obstacle
from apps.clusters.kube.executing import Container, NotRun, Ran, execute
from apps.clusters.kube.listing import Reader
from apps.clusters.kube.workloads import Place
from apps.http import Upstream
from tests.fakes.talker import AGREED, Talker, farewell, frame, talks

WHERE = Container(Place("a-pod", "somewhere"), "main")
WELL = b'\x03{"metadata":{},"status":"Success"}'
DONE = [frame(WELL), farewell()]


async def outcome(talker: Talker, seconds: float = 5, cap: int = 1000) -> Ran | NotRun:
    async with talks(talker):
        reader = Reader.within(Upstream(talker.url, token="secret-of-ours"), seconds)
        return await execute(reader, WHERE, ("tool", "-x"), cap=cap)


async def reason(talker: Talker, seconds: float = 5) -> tuple[Obstacle, str]:
    found = await outcome(talker, seconds)
    assert isinstance(found, NotRun), found
    return found.obstacle, found.reason


def ending(**status: object) -> list[bytes]:
    return [frame(b"\x03" + json.dumps({"status": "Failure", **status}).encode()), farewell()]


def exited(code: str) -> list[bytes]:
    causes = [{"reason": "ExitCode", "message": code}]
    return ending(reason="NonZeroExitCode", details={"causes": causes})


async def test_the_request_is_that_of_a_websocket_with_both_protocols() -> None:
    talker = Talker(DONE)
    assert isinstance(await outcome(talker), Ran)
    line, *fields = talker.request.strip().split("\r\n")
    assert line == (
        "GET /api/v1/namespaces/somewhere/pods/a-pod/exec?container=main&command=tool&command=-x"
        "&stdin=false&stdout=true&stderr=true&tty=false HTTP/1.1"
    )
    assert "Sec-WebSocket-Protocol: v5.channel.k8s.io, v4.channel.k8s.io" in fields
    assert "Authorization: Bearer secret-of-ours" in fields


@settings(max_examples=40, deadline=None)
@given(st.data())
async def test_messages_in_any_frames_and_pieces_are_put_together(data: st.DataObject) -> None:
    out = data.draw(st.binary(max_size=300))
    err = data.draw(st.binary(max_size=40))
    messages = [b"\x01", b"\x02", b"\x02" + err, b"\x01" + out[:9], b"\x01" + out[9:], WELL]
    frames = [frame(b"\xff\x00")]
    for message in messages:
        cuts = sorted(data.draw(st.lists(st.integers(0, len(message)), max_size=4)))
        edges = [0, *cuts, len(message)]
        for number, (begin, end) in enumerate(itertools.pairwise(edges)):
            kind = Opcode.CONT if number else Opcode.BINARY
            frames.append(frame(message[begin:end], kind, fin=number == len(cuts)))
            frames.append(frame(b"still there?", Opcode.PING))
    sent = b"".join([*frames, farewell()])
    step = data.draw(st.integers(1, 400))
    pieces = [sent[at : at + step] for at in range(0, len(sent), step)]
    assert await outcome(Talker(pieces)) == Ran(out, err, 0)


async def test_pings_are_answered() -> None:
    talker = Talker([frame(b"there?", Opcode.PING), *DONE])
    assert isinstance(await outcome(talker), Ran)
    assert talker.heard[:2] == bytes([0x8A, 0x86])


async def test_a_server_that_ends_without_farewell_has_said_all_with_its_status() -> None:
    assert await outcome(Talker([frame(b"\x01out"), frame(WELL)])) == Ran(b"out", b"", 0)


async def test_and_one_that_then_says_nothing_more_is_waited_for_until_the_deadline() -> None:
    talker = Talker([frame(b"\x01out"), frame(WELL)], closes=False)
    assert await outcome(talker, seconds=0.3) == Ran(b"out", b"", 0)


@pytest.mark.parametrize("said", [[], [farewell()], [frame(b"\x01half")], [frame(b"\x03")]])
async def test_without_a_status_nothing_is_taken_for_whole(said: list[bytes]) -> None:
    kind, why = await reason(Talker([*said]))
    assert kind == Obstacle.CUT_OFF
    assert why.startswith("tool in main of pod somewhere/a-pod was cut off before it ended: ")


async def test_the_exit_status_is_that_of_the_cause() -> None:
    assert await outcome(Talker([frame(b"\x02no"), *exited("3")])) == Ran(b"", b"no", 3)


@pytest.mark.parametrize("code", ["126", "127"])
async def test_a_command_that_no_shell_could_start_is_not_there(code: str) -> None:
    assert await reason(Talker(exited(code))) == (
        Obstacle.NO_COMMAND,
        f"tool is not in container {WHERE}, or cannot be started (exit {code}).",
    )


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("unable to upgrade connection: container not found (main)", Obstacle.NOT_RUNNING),
        ("error dialing backend: connect: connection refused", Obstacle.NODE_SILENT),
        ('exec: "tool": executable file not found in $PATH: unknown', Obstacle.NO_COMMAND),
        ("executable file `tool` not found in $PATH: No such file", Obstacle.NO_COMMAND),
        ("cannot exec in a stopped state: unknown", Obstacle.NOT_RUNNING),
        ("something secret-of-ours new", Obstacle.REFUSED),
    ],
)
async def test_what_did_not_begin_says_why(message: str, kind: Obstacle) -> None:
    found, why = await reason(Talker(ending(reason="InternalError", message=message)))
    assert found == kind
    assert message.replace("secret-of-ours", "[hidden]") in why


@pytest.mark.parametrize(
    "said", [b'exec: "tool": executable file not found in $PATH', b"`tool` not found in $PATH"]
)
async def test_cri_os_complaint_is_not_taken_for_the_commands_own(said: bytes) -> None:
    kind, _ = await reason(Talker([frame(b"\x02ERRO[0000] exec failed: " + said), *exited("255")]))
    assert kind == Obstacle.NO_COMMAND
    own = Talker([frame(b"\x01ran"), frame(b"\x02" + said), *exited("255")])
    assert await outcome(own) == Ran(b"ran", said, 255)


@pytest.mark.parametrize("code", ["-1", "x", "", "123456", "٣"])
async def test_an_exit_status_that_is_none_is_no_end(code: str) -> None:
    assert (await reason(Talker(exited(code))))[0] == Obstacle.REFUSED


@pytest.mark.parametrize("said", [b"\x03no json", b'\x03{"status": 5}', b"\x03" + b"[" * 5000])
async def test_a_status_that_cannot_be_read_is_no_end(said: bytes) -> None:
    assert await reason(Talker([frame(said), farewell()])) == (
        Obstacle.CUT_OFF,
        "How tool in main of pod somewhere/a-pod ended cannot be understood.",
    )


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (frame(b"\x01" + b"x" * 1001), "it printed more than 1000 bytes"),
        (frame(b"\x02" + b"x" * 600) * 2, "it printed more than 1000 bytes"),
        (frame(b"\x03" + b"x" * 65_536), "it printed more than 65536 bytes"),
        (frame(b"\x01" + b"x" * 70_000), "the answer is larger than"),
        (b"\x82\x7f" + (2**40).to_bytes(8), "the answer is larger than"),
    ],
)
async def test_no_server_fills_our_memory(said: bytes, words: str) -> None:
    kind, why = await reason(Talker([said, *DONE]))
    assert kind == Obstacle.TOO_MUCH
    assert words in why


@pytest.mark.parametrize(
    "said",
    [
        b"\xff\xff\xff",
        b"\x82\x85masked",
        frame(b"\x01a", Opcode.CONT),
        frame(b"\x01a", fin=False) + frame(b"\x01b"),
        b"\xc2\x01\x01",
    ],
)
async def test_frames_against_the_rules_end_it(said: bytes) -> None:
    kind, why = await reason(Talker([said, *DONE]))
    assert kind == Obstacle.CUT_OFF
    assert "no valid WebSocket frames" in why


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"Sec-WebSocket-Accept": "another"}, "does not open a WebSocket as it should"),
        ({"Upgrade": "h2c"}, "does not open a WebSocket as it should"),
        ({"Connection": "keep-alive"}, "does not open a WebSocket as it should"),
        ({"Sec-WebSocket-Extensions": "permessage-deflate"}, "does not open a WebSocket"),
        ({"Sec-WebSocket-Protocol": "channel.k8s.io"}, "none of the protocols that we offer"),
        ({"Sec-WebSocket-Protocol": ""}, "none of the protocols that we offer"),
        ({"Sec-WebSocket-Protocol": "v4.channel.k8s.io, v5.channel.k8s.io"}, "none of the"),
    ],
)
async def test_a_handshake_that_is_none_is_refused(change: dict[str, str], words: str) -> None:
    kind, why = await reason(Talker(DONE, headers=AGREED | change))
    assert kind == Obstacle.UNREACHABLE
    assert words in why


async def test_an_answer_that_is_no_handshake_is_quoted_without_our_token() -> None:
    body = b"a kubelet knows secret-of-ours and cannot upgrade"
    length = {"Content-Length": str(len(body))}
    talker = Talker([body], headers=length, line="HTTP/1.1 502 Bad Gateway")
    assert await reason(talker) == (
        Obstacle.REFUSED,
        (
            f"The API server answers 502 to a command for container {WHERE}: "
            '"a kubelet knows [hidden] and cannot upgrade".'
        ),
    )


async def test_who_asks_and_never_reads_is_left() -> None:
    ping = frame(b"x" * 125, Opcode.PING)
    kind, why = await reason(Talker([ping * 8 for _ in range(20_000)], closes=False), seconds=10)
    assert kind == Obstacle.CUT_OFF
    assert "asks, and does not read what is answered" in why


@pytest.mark.parametrize("line", ["HTTP/1.1 1010 No", "HTTP/1.1 101x", "HTTP/1.0 101 Old"])
async def test_what_only_begins_as_a_switch_is_none(line: str) -> None:
    kind, why = await reason(Talker(DONE, line=line))
    assert kind == Obstacle.UNREACHABLE
    assert "the connection broke: " in why


async def test_a_server_that_prints_our_token_shows_it_to_nobody() -> None:
    said = [frame(b"\x01its secret-"), frame(b"\x01of-ours"), frame(b"\x02secret-of-ours!"), *DONE]
    assert await outcome(Talker(said)) == Ran(b"its [hidden]", b"[hidden]!", 0)


@pytest.mark.parametrize(
    "empty",
    [
        frame(b"", fin=False) + frame(b"", Opcode.CONT, fin=False) * 4400,
        frame(b"\xff") * 4400,
        frame(b"", Opcode.PONG) * 4400,
    ],
)
async def test_frames_that_bring_nothing_are_not_read_for_ever(empty: bytes) -> None:
    kind, why = await reason(Talker([empty], closes=False), seconds=20)
    assert kind == Obstacle.CUT_OFF
    assert "frames that cost more than they bring" in why
