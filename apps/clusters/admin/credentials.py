"""The page of a cluster's credentials: they go in, are tried out, and never come back."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from apps.clusters.actions import credentials, rotation, validation
from apps.clusters.actions.validation import Outcome
from apps.clusters.admin import expiries
from apps.clusters.admin.credential_form import CredentialForm
from apps.clusters.errors import CredentialsInvalid
from apps.clusters.models import Cluster
from apps.clusters.tasks import check_soon
from apps.clusters.trial import Step, Validation
from apps.errors import DomainError

PARTS = {
    "identity_provider": "Identity provider",
    "api_server": "API server",
    "prometheus": "Prometheus",
    "alertmanager": "Alertmanager",
    "tempo": "Tempo",
    "loki": "Loki",
}
STATUS = {
    "VALID": ("ok", "Works"),
    "INVALID": ("bad", "Refused"),
    "UNREACHABLE": ("bad", "Out of reach"),
    "UNKNOWN": ("warn", "Not known"),
}
SAID = {
    "store": "Stored. It is in use from now on.",
    "rotate": "Rotated: the cluster takes the new credential, and the old one is gone.",
    "try": "Tried only. Nothing was stored.",
    "validate": "This is what the stored credential opens.",
}
NOTHING_TYPED = "All boxes are empty. Fill in what is to be stored, rotated or tried."
GONE = "There is no such cluster, or none that you may see."
REALLY = "Tick the box to remove the credential: the cluster is then asked without one."


class CredentialPage(admin.ModelAdmin[Cluster]):
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.credentials_view)
        own = path("<path:object_id>/credentials/", view, name="clusters_cluster_credentials")
        return [own, *super().get_urls()]

    def credentials_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        cluster = self.get_object(request, unquote(object_id))
        if cluster is None:
            self.message_user(request, GONE, messages.WARNING)
            return redirect("admin:clusters_cluster_changelist")
        if not self.has_change_permission(request, cluster):
            raise PermissionDenied
        context: dict[str, Any] = {"form": CredentialForm()}
        if request.method == "POST":
            context |= _do(request, cluster)
        stored = self.get_object(request, unquote(object_id))
        context |= {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"Credentials of {cluster}",
            "cluster": cluster,
            "stored": getattr(stored, "credential", None),
            "endings": list(expiries.endings(stored)) if stored else [],
        }
        page = TemplateResponse(request, "admin/clusters/credentials.html", context)
        page.headers["Cache-Control"] = "no-store, private"
        return page


def _do(request: HttpRequest, cluster: Cluster) -> dict[str, Any]:
    """Do what the pressed button says; return what the page then shows."""
    wish = request.POST.get("do", "")
    try:
        match wish:
            case "validate":
                return _tell(wish, validation.validate(cluster))
            case "remove":
                return _remove(request, cluster)
            case "store" | "rotate" | "try":
                return _take(wish, CredentialForm(request.POST), cluster)
    except DomainError as refused:
        tried = refused.details.get("validation")
        found = _describe(Validation.model_validate(tried)) if tried else {}
        return {"refused": refused.message, **found}
    return {"refused": "No such button."}


def _take(wish: str, form: CredentialForm, cluster: Cluster) -> dict[str, Any]:
    if not form.is_valid():
        return {"form": form, "refused": "Nothing was done: correct what is marked below."}
    if form.empty:
        raise CredentialsInvalid(NOTHING_TYPED)
    credential = form.credential(cluster.api_server_url)
    match wish:
        case "store":
            outcome = validation.store(cluster, credential)
        case "rotate":
            outcome = rotation.rotate(cluster, credential)
        case _:
            return _tell(wish, validation.validate_unstored(cluster, credential))
    check_soon()
    return _tell(wish, outcome)


def _remove(request: HttpRequest, cluster: Cluster) -> dict[str, Any]:
    if request.POST.get("really") != "yes":
        return {"refused": REALLY}
    credentials.remove(cluster)
    check_soon()
    return {"done": "Removed."}


def _tell(wish: str, outcome: Outcome) -> dict[str, Any]:
    return {"done": SAID[wish], **_describe(outcome.validation)}


def _describe(found: Validation) -> dict[str, Any]:
    steps = [(name, found.step(part)) for part, name in PARTS.items()]
    return {
        "tried": True,
        "steps": [(name, *STATUS[step.status], step) for name, step in steps if _configured(step)],
        "username": found.api_server.username,
        "permissions": found.permissions,
        "permissions_problem": found.permissions_problem,
    }


def _configured(step: Step) -> bool:
    return step.status != "NOT_CONFIGURED"
