"""Indicators and saved queries in the admin."""

from importlib import import_module

for noun in ("indicators", "saved_queries"):
    import_module(f"{__name__}.{noun}")
