"""The document of the API: every operation is described, and its examples are what it says."""

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
import yaml

from aiops import BASE_DIR

DOCUMENT: dict[str, Any] = yaml.safe_load((BASE_DIR / "openapi.yaml").read_text())
COMPONENTS = {"components": DOCUMENT["components"]}
METHODS = {
    f"{method.upper()} {path}": operation
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}


def contents(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the body of the request and of each answer, with where it stands."""
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        yield f"request {media_type}", content
    for status, answer in operation["responses"].items():
        for media_type, content in answer.get("content", {}).items():
            yield f"{status} {media_type}", content


@pytest.mark.parametrize("name", METHODS)
def test_an_example_is_what_the_schema_says(name: str) -> None:
    for where, content in contents(METHODS[name]):
        validator = jsonschema_rs.validator_for(content["schema"] | COMPONENTS)
        for title, example in content.get("examples", {}).items():
            wrong = [str(one) for one in validator.iter_errors(example["value"])]
            assert wrong == [], f"{title} in {where}"


@pytest.mark.parametrize("name", METHODS)
def test_an_operation_is_described_and_shows_its_answer(name: str) -> None:
    operation = METHODS[name]
    assert operation.get("description")
    for status, answer in operation["responses"].items():
        for media_type, content in answer.get("content", {}).items():
            if status < "300" and media_type == "application/json":
                assert content.get("examples"), status


@pytest.mark.parametrize("name", METHODS)
def test_a_refusal_is_always_the_one_envelope(name: str) -> None:
    responses = METHODS[name]["responses"]
    assert {"400", "401", "406", "503"} <= responses.keys()
    envelope = {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for status, answer in responses.items():
        if status >= "400":
            assert answer["content"] == envelope, status
            assert answer["description"]
