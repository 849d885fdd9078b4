"""Where everything is. API routes carry no trailing slash; `slashes` makes both forms answer."""

from csp.decorators import csp_update
from django.contrib import admin
from django.contrib.auth.decorators import login_required
from django.urls import include, path, re_path
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.generic import RedirectView, TemplateView
from drf_spectacular.views import (
    SpectacularAPIView,
    SpectacularRedocView,
    SpectacularSwaggerSplitView,
)

from aiops import problems

# Any path of the client's own routes boots it; a sign-in stands before.
client = login_required(ensure_csrf_cookie(TemplateView.as_view(template_name="client.html")))
redoc = csp_update({"worker-src": ["blob:"]})(SpectacularRedocView.as_view())

urlpatterns = [
    path("favicon.ico", RedirectView.as_view(url="/static/brand/mark.svg", permanent=True)),
    path("admin/", admin.site.urls),
    # Nothing here sends mail, so the pages that would are closed.
    re_path(r"^accounts/(?:password/reset|email|confirm-email)/", problems.no_mail),
    path("accounts/", include("allauth.urls")),
    path("api/schema", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
    path("api/redoc", redoc, name="redoc"),
    path("api/v1/", include("apps.clusters.api.urls")),
    path("api/v1/", include("apps.observability.api.urls")),
    path("prometheus/", include("apps.observability.api.prometheus.urls")),
    re_path(r"^(?:clusters/[a-z0-9-]+|alerts|gpus|explore)?/?$", client, name="client"),
]

handler400 = problems.malformed
handler404 = problems.missing
handler403 = problems.forbidden
handler500 = problems.broken
