"""The log's masks, and the id that goes from request to answer."""

import pytest
from django.test import Client

from apps.masking import mask

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzeXN0ZW0ifQ.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("Authorization: Bearer abcdefgh12345", "abcdefgh12345"),
        ("authorization: basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
        (f"token={JWT} end", JWT),
        ("sha256~abcdefghijklmnopqrstuvwxyz", "sha256~abcdefghijklmnopqrstuvwxyz"),
        ("postgresql://aiops:hunter2@localhost/db", "hunter2"),
        ("redis://:hunter2@localhost:1/0", "hunter2"),
        ("aiops_0123456789ab.abcdefghijklmnopqrstuvwxyz", "abcdefghijklmnopqrstuvwxyz"),
        ("aiops_wh_abcdefghijklmnopqrstuvwxyz-_012", "abcdefghijklmnopqrstuvwxyz"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", "MIIE"),
    ],
)
def test_what_looks_like_a_credential_is_masked(text: str, secret: str) -> None:
    assert secret not in mask(text)
    assert "[hidden]" in mask(text)


def test_ordinary_words_are_left_alone() -> None:
    text = "edge-tokyo: the API server at 127.0.0.1:6443 does not answer: connection refused."
    assert mask(text) == text


def test_a_given_request_id_comes_back(db: None) -> None:
    response = Client().get("/api/v1/me", headers={"X-Request-ID": "abc-12345678"})
    assert response["X-Request-ID"] == "abc-12345678"
    assert response.json()["error"]["trace_id"] == "abc-12345678"


@pytest.mark.parametrize("given", ["", "short", "x" * 65, "a b c d e f g h", "<script>x"])
def test_a_request_id_that_is_none_is_replaced(db: None, given: str) -> None:
    response = Client().get("/health", headers={"X-Request-ID": given})
    assert response["X-Request-ID"] != given
