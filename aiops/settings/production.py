"""An installation for others: every secret comes from outside, cookies travel over TLS only."""

from django.core.exceptions import ImproperlyConfigured

from aiops.settings import env
from aiops.settings.common import *  # noqa: F403

SECRET_KEY = env.text("SECRET_KEY")
SEALING_KEYS = env.sealing_keys(env.text("AIOPS_SEALING_KEYS"))
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS")
if not ALLOWED_HOSTS:
    raise ImproperlyConfigured(
        "ALLOWED_HOSTS is empty. Name the hosts that people use to reach this installation."
    )

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env.flag("AIOPS_SECURE_COOKIES", default=True)
SECURE_SSL_REDIRECT = False  # The route or ingress ends TLS; probes come in plain.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = int(env.number("AIOPS_HSTS_SECONDS", 3600))
LOGGING = {"json": env.flag("LOG_JSON", default=True), "level": env.text("LOG_LEVEL", "INFO")}
