"""Damaged texts: each value is what it was, or None, or what really stands in its place."""

import hypothesis
from hypothesis import strategies as st

from apps.observability.sources.nvidia_smi import document as xml
from apps.observability.sources.nvidia_smi import listing, processes, table
from apps.observability.sources.nvidia_smi.fields import GPU, PROCESS
from tests.observability.gpus import standing
from tests.observability.gpus.documents import A100_SLICED, document, whole
from tests.observability.gpus.older_documents import P100
from tests.observability.gpus.tables import CSV, LIST, PROCESSES

DOCUMENT = document(A100_SLICED, whole(1), P100).encode()
DOCUMENT_SPANS = standing.in_document(DOCUMENT)
CARDS = xml.read(DOCUMENT).gpus
TABLE = CSV.encode()
TABLE_SPANS = standing.in_table(TABLE)
ROWS = table.read(TABLE).gpus

# Bytes that mean something to a reader, and any others.
BYTES = st.sampled_from(b"0123456789-.,: <>&/[]\n\t\x00\xffAN") | st.integers(0, 255)
FLIPS = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), BYTES), min_size=1, max_size=4)


def damaged(text: bytes, flips: list[tuple[float, int]]) -> bytes:
    changed = bytearray(text)
    for share, byte in flips:
        changed[int(share * len(text))] = byte
    return bytes(changed)


def check_document(text: bytes) -> None:
    reading = xml.read(text)
    assert len(reading.gpus) == len(CARDS) or reading.errors
    for gpu, was, spans in zip(reading.gpus, CARDS, DOCUMENT_SPANS, strict=False):
        assert standing.strange_card(gpu, was, spans, text) == []


def check_table(text: bytes) -> None:
    reading = table.read(text)
    assert len(reading.gpus) == len(ROWS) or reading.errors
    for gpu in reading.gpus:
        candidates = [
            standing.strange(gpu, was, spans, GPU, text, csv=True)
            for was, spans in zip(ROWS, TABLE_SPANS, strict=True)
        ]
        assert min(candidates, key=len) == []


def test_the_oracle_knows_where_the_values_stand() -> None:
    """What stands in the text is right, and the value of another field is not."""
    text = DOCUMENT.replace(b"11013 MiB", b"11014 MiB")
    check_document(text)
    swapped = xml.read(DOCUMENT.replace(b"11013 MiB", b"70038 MiB")).gpus[0]
    assert standing.strange_card(swapped, CARDS[0], DOCUMENT_SPANS[0], DOCUMENT) == [
        "memory_used_mb is 70038, was 11013"
    ]
    assert standing.strange(ROWS[0], ROWS[1], TABLE_SPANS[1], GPU, TABLE, csv=True)


@hypothesis.given(FLIPS)
@hypothesis.settings(max_examples=300)
def test_flipped_bytes_of_a_document(flips: list[tuple[float, int]]) -> None:
    check_document(damaged(DOCUMENT, flips))


@hypothesis.given(FLIPS)
@hypothesis.settings(max_examples=300)
def test_flipped_bytes_of_a_table(flips: list[tuple[float, int]]) -> None:
    check_table(damaged(TABLE, flips))


@hypothesis.given(st.floats(0, 1), FLIPS)
@hypothesis.settings(max_examples=150)
def test_texts_that_break_off(share: float, flips: list[tuple[float, int]]) -> None:
    check_document(DOCUMENT[: int(share * len(DOCUMENT))])
    check_table(TABLE[: int(share * len(TABLE))])
    check_document(damaged(DOCUMENT, flips)[: int(share * len(DOCUMENT))])


@hypothesis.given(FLIPS)
@hypothesis.settings(max_examples=200)
def test_flipped_bytes_of_processes(flips: list[tuple[float, int]]) -> None:
    text = damaged(PROCESSES.encode(), flips)
    rows = standing.in_table(PROCESSES.replace("(1, 2)", "(1: 2)").encode())
    originals = processes.read(PROCESSES)[0]
    for process in processes.read(text)[0]:
        candidates = [
            standing.strange(process, was, spans, PROCESS, text, csv=True)
            for was, spans in zip(originals, rows, strict=True)
        ]
        assert min(candidates, key=len) == []


@hypothesis.given(FLIPS)
@hypothesis.settings(max_examples=200)
def test_flipped_bytes_of_the_list(flips: list[tuple[float, int]]) -> None:
    text = damaged(LIST.encode(), flips)
    lines = text.decode("utf-8", "replace").splitlines()
    for gpu in listing.read(text).gpus:
        assert any(line.startswith(f"GPU {gpu.index}: {gpu.name}") for line in lines)
        for index, (profile, uuid) in gpu.instances.items():
            assert any(profile in line and f"{index}: (UUID: {uuid})" in line for line in lines)


@hypothesis.given(st.binary(max_size=2000) | st.text(max_size=2000))
@hypothesis.settings(max_examples=200)
def test_whatever_it_prints_nothing_breaks(text: bytes | str) -> None:
    assert xml.read(text).errors
    table.read(text)
    listing.read(text)
    processes.read(text)
