"""Sealing: opens at its own place with a known key, and nowhere else."""

import base64
from typing import Any

import pytest

from apps.sealing import SealBroken, key_names, key_of, read_keys, seal, unseal


def key(name: str, fill: bytes) -> str:
    return f"{name}:{base64.b64encode(fill * 32).decode()}"


def test_what_was_sealed_opens_at_its_place() -> None:
    assert unseal(seal("secret", place="row 1"), place="row 1") == "secret"


def test_two_seals_of_the_same_text_differ() -> None:
    assert seal("secret", place="row 1") != seal("secret", place="row 1")


def test_a_seal_moved_to_another_row_does_not_open() -> None:
    with pytest.raises(SealBroken):
        unseal(seal("secret", place="row 1"), place="row 2")


def test_an_altered_seal_does_not_open() -> None:
    sealed = seal("secret", place="row 1")
    with pytest.raises(SealBroken):
        unseal(sealed[:-4] + "AAAA", place="row 1")


@pytest.mark.parametrize("text", ["", "v1", "v1.tests", "v2.tests.AAAA", "v1.tests.A", "x" * 99])
def test_what_is_no_seal_is_refused_and_not_quoted(text: str) -> None:
    with pytest.raises(SealBroken) as caught:
        unseal(text, place="row 1")
    assert not text or text not in str(caught.value)


def test_the_first_key_seals_and_all_keys_open(settings: Any) -> None:
    settings.SEALING_KEYS = key("old", b"1")
    sealed = seal("secret", place="row 1")
    settings.SEALING_KEYS = f"{key('new', b'2')},{key('old', b'1')}"
    assert unseal(sealed, place="row 1") == "secret"
    assert seal("secret", place="row 1").startswith("v1.new.")
    settings.SEALING_KEYS = key("new", b"2")
    with pytest.raises(SealBroken, match="No sealing key named 'old'"):
        unseal(sealed, place="row 1")


def test_a_seal_names_its_key_whether_that_is_at_hand_or_not(settings: Any) -> None:
    settings.SEALING_KEYS = key("old", b"1")
    sealed = seal("secret", place="row 1")
    settings.SEALING_KEYS = f"{key('new', b'2')},{key('newer', b'3')}"
    assert key_of(sealed) == "old"
    assert key_names() == ["new", "newer"]
    assert [key_of(text) for text in ("", "k8s.x", "v2.old.x", "v1")] == [""] * 4


@pytest.mark.parametrize("text", ["a:short", "a:!!!!", "a b:" + "A" * 43 + "="])
def test_a_key_that_is_none_is_refused_by_name(text: str) -> None:
    with pytest.raises(ValueError, match="Sealing key"):
        read_keys(text)


def test_a_key_is_not_shown_by_its_representation() -> None:
    assert "1111" not in repr(read_keys(key("a", b"1")))
