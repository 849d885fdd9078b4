"""The project as a Django app (its commands and template tags) and the admin's own site."""

from importlib import import_module

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class ProjectConfig(AppConfig):
    name = "aiops"

    def ready(self) -> None:
        # Makes our Celery app the current one: without it a task started in the web process
        # goes to the library's default broker.
        import_module("aiops.celery")


class ConsoleConfig(AdminConfig):
    default_site = "aiops.console.Console"
