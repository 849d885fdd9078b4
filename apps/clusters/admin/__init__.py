"""The registry in the admin."""

from importlib import import_module

for noun in ("clusters", "grants", "health_checks"):
    import_module(f"{__name__}.{noun}")
