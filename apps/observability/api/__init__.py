"""The REST doors of observability."""
