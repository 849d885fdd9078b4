"""One protocol each: bytes in, dataclasses out."""
