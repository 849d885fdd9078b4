"""JSON in, by orjson: what is no JSON of RFC 8259 is refused before anybody works with it.

Python's own reader lets in NaN and halves of characters, which break answers and databases later,
and ends in a RecursionError where brackets nest too deep.
"""

from collections.abc import Mapping
from typing import IO, Any

import orjson
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser


class StrictJSONParser(BaseParser):
    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        try:
            return orjson.loads(stream.read())
        except orjson.JSONDecodeError as error:
            # Where it is wrong, and nothing of what is there: it may be a credential.
            place = f"line {error.lineno}, column {error.colno}"
            raise ParseError(f"The body is not JSON: {error.msg} ({place}).") from None
