"""Tells Django about the app, and installs its indicators with its tables."""

from importlib import import_module
from typing import Any

from django.apps import AppConfig
from django.apps import apps as installed
from django.db.models import Model
from django.db.models.signals import post_migrate


class ObservabilityConfig(AppConfig):
    name = "apps.observability"

    def ready(self) -> None:
        # Declares its events.
        import_module("apps.observability.events")
        post_migrate.connect(install_indicators, sender=self)


def install_indicators(apps: Any = installed, **_: Any) -> None:
    """Install what comes with the project, as Django does with its own permissions.

    Backwards the table may be gone, or be that of an older version.
    """
    from apps.observability.actions import library
    from apps.observability.models import Indicator

    try:
        at_hand = apps.get_model("observability", "Indicator")
    except LookupError:
        return
    if _columns(at_hand) == _columns(Indicator):
        library.install()


def _columns(model: type[Model]) -> set[str]:
    return {field.attname for field in model._meta.local_fields}  # noqa: SLF001 - Django's own name
