"""The web process: HTTP through Django, but for alerts; the socket through Channels."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aiops.settings.development")
http = get_asgi_application()

from channels.auth import AuthMiddlewareStack  # noqa: E402 - needs the apps that are loaded above
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.urls import path  # noqa: E402

from aiops import alert_door  # noqa: E402
from apps.streaming.consumer import EventConsumer  # noqa: E402

application = ProtocolTypeRouter(
    {
        "http": alert_door.before(http),
        "websocket": AuthMiddlewareStack(URLRouter([path("ws", EventConsumer.as_asgi())])),
    }
)
