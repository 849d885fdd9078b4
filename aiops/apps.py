"""The project as a Django app (its commands and template tags) and the admin's own site."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class ProjectConfig(AppConfig):
    name = "aiops"


class ConsoleConfig(AdminConfig):
    default_site = "aiops.console.Console"
