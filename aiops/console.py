"""The admin site: our name on it, and the same sign-in page as everywhere else."""

from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse


class Console(AdminSite):
    site_header = "AIOps NextGen administration"
    site_title = "AIOps NextGen"
    index_title = "What the platform knows and does"
    site_url = "/"
    enable_nav_sidebar = True

    def login(
        self, request: HttpRequest, extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        """Send people to the one sign-in page; a second form would escape its rate limits."""
        if request.user.is_authenticated:
            if self.has_permission(request):
                return redirect_to_login("/admin/", login_url="/admin/")
            raise PermissionDenied
        return redirect_to_login(request.GET.get("next") or "/admin/")
