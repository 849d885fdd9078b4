"""Tells Django about the app."""

from django.apps import AppConfig


class StreamingConfig(AppConfig):
    name = "apps.streaming"
