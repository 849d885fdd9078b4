"""Indicators, saved queries, alerts and who is told of them, and GPUs in the admin."""

from importlib import import_module

NOUNS = ("alert_paths", "alerts", "indicators", "notifications", "receivers", "routes")
GPUS = ("gpu_cards", "gpu_changes", "gpu_claims", "gpu_feeds", "gpu_nodes", "gpu_prices")

for noun in (*NOUNS, *GPUS, "saved_queries"):
    import_module(f"{__name__}.{noun}")
