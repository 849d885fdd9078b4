"""What holds in every way of running. The other modules add secrets and switches."""

import os
from pathlib import Path

import django_stubs_ext

from aiops import BASE_DIR, VERSION
from aiops.schedule import ENTRIES
from aiops.settings import credential_store, env
from aiops.settings.identity import *  # noqa: F403

# Lets Django's generic classes be written with their model: ModelAdmin[Cluster].
django_stubs_ext.monkeypatch()

VAR_DIR = Path(os.environ.get("AIOPS_VAR_DIR") or BASE_DIR / "var").resolve()
DEBUG = env.flag("DEBUG", default=False)
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")
# Where clusters reach this installation; unless it is set, where the asking browser does.
PUBLIC_URL = env.text("AIOPS_PUBLIC_URL", "")
if PUBLIC_URL:
    env.url("AIOPS_PUBLIC_URL", {"http", "https"})

INSTALLED_APPS = [
    "daphne",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "aiops.apps.ConsoleConfig",
    "allauth",
    "allauth.account",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "channels",
    "django_celery_beat",
    "aiops.apps.ProjectConfig",
    "apps.accounts",
    "apps.streaming",
    "apps.clusters",
    "apps.observability",
    "apps.simulator",
]

MIDDLEWARE = [
    "aiops.journal.RequestIdMiddleware",
    # Before whatever asks for the Host: a probe comes by a pod's address.
    "aiops.vitals.ProbeMiddleware",
    "aiops.measuring.MeasureMiddleware",
    "aiops.bodies.BodyLimitMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "aiops.slashes.TrailingSlashMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "apps.accounts.audit.AuditMiddleware",
]

ROOT_URLCONF = "aiops.urls"
ASGI_APPLICATION = "aiops.asgi.application"
APPEND_SLASH = False
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# Connections go back to their process' pool after each request and task: to open one takes longer
# than most requests, and a new one has yet to learn what our tables are. Each is tried before it is
# handed out, so that a restarted PostgreSQL costs nobody an error.
DATABASES = {"default": env.database() | {"CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": True}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# What Prometheus shows at /metrics; without one, tokens of the staff open it.
METRICS_TOKEN = env.text("AIOPS_METRICS_TOKEN", "")

# Redis by purpose: 0 events and broker, 1 rate limits, 2 cache, 3 sessions.
EVENTS_REDIS_URL = env.redis(0)
LIMITS_REDIS_URL = env.redis(1)
# A Redis that is there but silent must not hold every request for long.
REDIS_TIMEOUTS = {"socket_timeout": 2, "socket_connect_timeout": 2}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": env.redis(2),
        "KEY_PREFIX": "aiops",
        "OPTIONS": REDIS_TIMEOUTS,
    },
    "sessions": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": env.redis(3),
        "OPTIONS": REDIS_TIMEOUTS,
    },
}

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False
FORMAT_MODULE_PATH = "aiops.formats"

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
# The client's files carry a hash in their names, so a browser may keep them for ever.
WHITENOISE_IMMUTABLE_FILE_TEST = r"/static/client/assets/.+"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        # Radix and uPlot set style attributes; no script can come in that way.
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}
CSRF_FAILURE_VIEW = "aiops.problems.csrf_failed"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "apps.accounts.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["aiops.rendering.FastJSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["aiops.parsing.StrictJSONParser"],
    # A query named `format` is an operation's own business.
    "URL_FORMAT_OVERRIDE": None,
    "DEFAULT_PAGINATION_CLASS": "aiops.paging.NumberedPages",
    "DEFAULT_SCHEMA_CLASS": "aiops.openapi.ContractSchema",
    "DEFAULT_THROTTLE_CLASSES": ["apps.accounts.throttles.Throttle"],
    "EXCEPTION_HANDLER": "aiops.problems.answer_problem",
    # OPTIONS is for CORS, which there is none of; what there is to know stands in the schema.
    "DEFAULT_METADATA_CLASS": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "AIOps NextGen",
    "DESCRIPTION": "Watch and question a fleet of Kubernetes and OpenShift clusters.",
    "VERSION": VERSION,
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    # Enums stay inline: named ones change their names whenever two fields collide.
    "POSTPROCESSING_HOOKS": [],
}

CELERY_BROKER_URL = EVENTS_REDIS_URL
CELERY_TASK_SERIALIZER = CELERY_RESULT_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_TASK_DEFAULT_QUEUE = "collect"
CELERY_TASK_ROUTES = {"clusters.check_due": {"queue": "poll"}}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# After a lost broker a task is delivered again; two of it at once help nobody.
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# Without these a worker whose Redis went away waits on a dead socket for ever.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_timeout": 30,
    "socket_connect_timeout": 5,
    "socket_keepalive": True,
    "health_check_interval": 10,
}
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
# Beat looks for changed schedules this often, so a new interval needs no restart.
CELERY_BEAT_MAX_LOOP_INTERVAL = 5
DJANGO_CELERY_BEAT_TZ_AWARE = True
CELERY_BEAT_SCHEDULE = ENTRIES

LOGGING_CONFIG = "aiops.journal.configure"
LOGGING = {"json": env.flag("LOG_JSON", default=False), "level": env.text("LOG_LEVEL", "INFO")}

# How often each type of cluster is checked and how long one check may take, in seconds.
CHECK_INTERVALS = {"HUB": 15.0, "SPOKE": 30.0, "EDGE": 60.0, "FAR_EDGE": 120.0}
CHECK_TIMEOUTS = {"HUB": 5.0, "SPOKE": 10.0, "EDGE": 15.0, "FAR_EDGE": 30.0}
if "AIOPS_CHECK_INTERVAL_SECONDS" in os.environ:
    every = env.number("AIOPS_CHECK_INTERVAL_SECONDS", 30, least=1, most=86400)
    CHECK_INTERVALS = dict.fromkeys(CHECK_INTERVALS, every)
if "AIOPS_CHECK_TIMEOUT_SECONDS" in os.environ:
    within = env.number("AIOPS_CHECK_TIMEOUT_SECONDS", 10, least=0.1, most=60)
    CHECK_TIMEOUTS = dict.fromkeys(CHECK_TIMEOUTS, within)
# Each part of the fleet is checked by a worker of its own, which keeps the connections to it.
CHECK_PARTS = int(env.number("AIOPS_CHECK_PARTS", 1, least=1, most=16))
HEALTH_HISTORY_DAYS = env.number("AIOPS_HEALTH_HISTORY_DAYS", 7, least=1, most=365)
# So long before it ends, a credential or an API server's certificate is warned about.
EXPIRY_WARNING_DAYS = env.number("AIOPS_EXPIRY_WARNING_DAYS", 7, least=1, most=365)
# Where new credentials go; what is in the other store already still opens.
CREDENTIAL_STORE = env.one_of("CREDENTIAL_STORE", "database", {"database", "kubernetes"})
# Plain http to API servers is refused unless the installation says so.
ALLOW_INSECURE_UPSTREAMS = env.flag("AIOPS_ALLOW_INSECURE_UPSTREAMS", default=False)
# What listens on loopback trusts whoever comes from there.
ALLOW_LOOPBACK_UPSTREAMS = env.flag("AIOPS_ALLOW_LOOPBACK_UPSTREAMS", default=False)
CREDENTIAL_KUBERNETES = credential_store.kubernetes(
    needed=CREDENTIAL_STORE == "kubernetes", insecure=ALLOW_INSECURE_UPSTREAMS
)

EVENT_LOG_LENGTH = int(env.number("AIOPS_EVENT_LOG_LENGTH", 10_000, least=100, most=1e7))
# Streaming knows nothing of clusters; this tells it whose events a person may see.
EVENT_AUDIENCE = "apps.clusters.audience.visible_ids"

# How long the hours of the fleet's indicators are kept; their minutes are for two days.
INDICATOR_HISTORY_DAYS = env.number("AIOPS_INDICATOR_HISTORY_DAYS", 90, least=2, most=3650)
# How often each Alertmanager is asked what fires, and how long alerts are kept that are over.
ALERT_POLL_SECONDS = env.number("AIOPS_ALERT_POLL_SECONDS", 30, least=5, most=3600)
ALERT_HISTORY_DAYS = env.number("AIOPS_ALERT_HISTORY_DAYS", 90, least=1, most=3650)
# Until so long after its start an Alertmanager may not have been told of everything again.
ALERT_RESTART_GRACE_SECONDS = env.number("AIOPS_ALERT_RESTART_GRACE_SECONDS", 180, least=0)
# The alert that always fires; after so long without it, the way of the alerts is broken. Where
# there is no Alertmanager to ask, it comes as often as its route repeats it.
ALERT_WATCHDOG = env.text("AIOPS_ALERT_WATCHDOG", "Watchdog")
ALERT_SILENCE_SECONDS = env.number("AIOPS_ALERT_SILENCE_SECONDS", 300, least=30, most=86_400)
ALERT_WATCHDOG_REPEAT_SECONDS = env.number(
    "AIOPS_ALERT_WATCHDOG_REPEAT_SECONDS", 14_400, least=30, most=604_800
)
CELERY_BEAT_SCHEDULE["Ask what alerts fire"] |= {
    "schedule": ALERT_POLL_SECONDS,
    "options": {"expire_seconds": round(ALERT_POLL_SECONDS)},
}
# How long the 5 minutes of GPUs are kept, and who held them; their 15 seconds are for a day.
GPU_HISTORY_DAYS = env.number("AIOPS_GPU_HISTORY_DAYS", 90, least=2, most=3650)
METRICS_CLUSTERS_AT_ONCE = int(env.number("AIOPS_METRICS_CLUSTERS_AT_ONCE", 512, least=1))
METRICS_RESPONSE_CAP_MIB = env.number("AIOPS_METRICS_RESPONSE_CAP_MIB", 32, least=1, most=1024)
# What the answers of all clusters to one question at /api/v1 may come to together.
METRICS_ANSWER_CAP_MIB = env.number("AIOPS_METRICS_ANSWER_CAP_MIB", 512, least=1, most=65_536)
# How many questions one cluster is asked at once by a process; one person gets half of them.
METRICS_SEATS_PER_CLUSTER = int(env.number("AIOPS_METRICS_SEATS_PER_CLUSTER", 8, least=1))
METRICS_QUERIES_PER_USER = int(env.number("AIOPS_METRICS_QUERIES_PER_USER", 4, least=1))
# So long a notification is tried, and what became of it can be read.
NOTIFICATION_GIVE_UP_HOURS = env.number("AIOPS_NOTIFICATION_GIVE_UP_HOURS", 24, least=0.1, most=720)
NOTIFICATION_HISTORY_DAYS = env.number("AIOPS_NOTIFICATION_HISTORY_DAYS", 30, least=1, most=365)
# The server that letters go out by; without one there are no receivers by e-mail.
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.text("AIOPS_EMAIL_FROM", "aiops@localhost")
vars().update(env.mail_server())
# Requests a minute, and at once: of one person, their queries among them, and of everybody.
LIMITS = {
    "requests": env.rate("AIOPS_LIMIT_REQUESTS", "300/50"),
    "queries": env.rate("AIOPS_LIMIT_QUERIES", "60/10"),
    "installation": env.rate("AIOPS_LIMIT_INSTALLATION", "60000/1000"),
}
# Of several Prometheus servers of a cluster the next is asked after so many seconds of silence.
METRICS_HEDGE_SECONDS = env.number("AIOPS_METRICS_HEDGE_SECONDS", 1, least=0, most=60)
METRICS_CACHE = env.flag("AIOPS_METRICS_CACHE", default=True)
# So many failures in a row, and a part of a cluster is left alone for a while.
BREAKER_FAILURES = int(env.number("AIOPS_BREAKER_FAILURES", 5, least=1))
BREAKER_FIRST_WAIT = env.number("AIOPS_BREAKER_FIRST_WAIT_SECONDS", 5, least=0.1, most=3600)
BREAKER_LONGEST_WAIT = env.number("AIOPS_BREAKER_LONGEST_WAIT_SECONDS", 60, least=0.1, most=3600)
