"""The background side: one Celery app, its schedule, and a worker's sign of life."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aiops.settings.development")

app = Celery("aiops")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["apps.clusters", "aiops.heartbeat"], related_name="tasks")
