"""The tests' settings: real PostgreSQL and Redis, fast password hashes, nothing kept."""

import os

# The type checker reads the settings without any server; the tests bring their own URLs.
os.environ.setdefault("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
os.environ.setdefault("REDIS_URL", "redis://127.0.0.1:1/0")

from aiops.settings.common import *  # noqa: F403

SECRET_KEY = "tests-only-" + "x" * 40
SEALING_KEYS = "tests:" + "A" * 43 + "="
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
ALLOW_LOOPBACK_UPSTREAMS = True
WHITENOISE_AUTOREFRESH = True
ACCOUNT_RATE_LIMITS = {}
# The tests of the limits set those of a real installation.
LIMITS = {"requests": (1e7, 1e5), "queries": (1e7, 1e5), "installation": (1e8, 1e6)}
LOGGING = {"json": False, "level": "WARNING"}
