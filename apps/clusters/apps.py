"""Tells Django about the app, and streaming about its events."""

from importlib import import_module

from django.apps import AppConfig


class ClustersConfig(AppConfig):
    name = "apps.clusters"

    def ready(self) -> None:
        import_module("apps.clusters.events")
