"""Indicators, saved queries, alerts and who is told of them in the admin."""

from importlib import import_module

NOUNS = ("alert_paths", "alerts", "indicators", "notifications", "receivers", "routes")

for noun in (*NOUNS, "saved_queries"):
    import_module(f"{__name__}.{noun}")
