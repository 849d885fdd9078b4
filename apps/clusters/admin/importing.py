"""A kubeconfig in the admin: uploaded or pasted, looked at as a table, then taken.

Between the two steps the text travels in the page, sealed: only this server opens it, for this
person alone and for ten minutes. What was pasted is never put back into a box.
"""

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, cast

import orjson
from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from apps.accounts.models import User
from apps.clusters.actions.importing import (
    Imported,
    ImportStatus,
    Wishes,
    import_contexts,
    read_labels,
)
from apps.clusters.admin.secret_boxes import SecretTextarea
from apps.clusters.errors import KubeconfigUnusable
from apps.clusters.kube.plain_yaml import MOST_BYTES
from apps.clusters.models import Cluster
from apps.clusters.tasks import check_soon
from apps.sealing import SealBroken, seal, unseal

SECONDS = 600
TOO_LATE = "The preview is older than ten minutes, or not yours. Give the kubeconfig again."


class ChoicesForm(forms.Form):
    name_prefix = forms.CharField(required=False, max_length=60, help_text="Before the names.")
    labels = forms.CharField(required=False, help_text="key=value, separated by commas")
    update = forms.BooleanField(
        required=False,
        label="Renew the credentials and labels of clusters that are registered already",
    )

    def clean_labels(self) -> dict[str, str]:
        parts = self.cleaned_data["labels"].split(",")
        return read_labels(part.strip() for part in parts if part.strip())


class UploadForm(ChoicesForm):
    file = forms.FileField(required=False)
    text = forms.CharField(
        required=False,
        strip=False,
        label="Or paste it",
        widget=SecretTextarea(12),
    )
    field_order = ("file", "text", "name_prefix", "labels", "update")

    def kubeconfig(self) -> str:
        """Return what was uploaded, else what was pasted; raise ValidationError without either."""
        upload = self.cleaned_data["file"]
        if upload is None:
            text = str(self.cleaned_data["text"])
        else:
            try:
                text = upload.read(MOST_BYTES + 1).decode("utf-8-sig")
            except UnicodeDecodeError:
                raise ValidationError("The file is not UTF-8 text.") from None
        if not text.strip():
            raise ValidationError("Choose a file, or paste a kubeconfig.")
        return text


class KubeconfigImport(admin.ModelAdmin[Cluster]):
    """The two pages of an import, for who may register clusters."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.import_view)
        own = [path("import/", view, name="clusters_cluster_import")]
        return own + super().get_urls()

    def import_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return self._upload_page(request, UploadForm())
        if "sealed" in request.POST:
            return self._take(request)
        return self._preview(request)

    def _preview(self, request: HttpRequest) -> HttpResponse:
        form = UploadForm(request.POST, request.FILES)
        if not form.is_valid():
            return self._upload_page(request, form)
        try:
            text = form.kubeconfig()
            results = import_contexts(text, self._wishes(request, form, dry_run=True))
        except (KubeconfigUnusable, ValidationError) as refused:
            form.add_error(None, refused.message)
            return self._upload_page(request, form)
        context = self._context(request) | {
            "rows": list(enumerate(results)),
            "sealed": _seal(text, cast(User, request.user)),
            # As typed: what the form made of it is made again.
            "kept": {name: form.data.get(name, "") for name in ("name_prefix", "labels", "update")},
        }
        return TemplateResponse(request, "admin/clusters/import_preview.html", context)

    def _take(self, request: HttpRequest) -> HttpResponse:
        form = ChoicesForm(request.POST)
        chosen = dict(_chosen(request.POST))
        try:
            text = _unseal(request.POST["sealed"], cast(User, request.user))
            if not form.is_valid() or not chosen:
                raise ValidationError("No context was chosen, so nothing was imported.")
            wishes = self._wishes(request, form, chosen=chosen)
            results = import_contexts(text, wishes)
        except (KubeconfigUnusable, ValidationError) as refused:
            self.message_user(request, refused.message, messages.ERROR)
            return redirect("admin:clusters_cluster_import")
        check_soon()
        self._tell_results(request, results)
        return redirect("admin:clusters_cluster_changelist")

    def _wishes(
        self,
        request: HttpRequest,
        form: ChoicesForm,
        *,
        chosen: Mapping[str, str] | None = None,
        dry_run: bool = False,
    ) -> Wishes:
        if form.cleaned_data["update"] and not self.has_change_permission(request):
            raise PermissionDenied
        names = {context: name for context, name in (chosen or {}).items() if name}
        return Wishes(
            contexts=frozenset(chosen or ()),
            names=names,
            prefix=form.cleaned_data["name_prefix"],
            labels=form.cleaned_data["labels"],
            dry_run=dry_run,
            update=form.cleaned_data["update"],
        )

    def _tell_results(self, request: HttpRequest, results: list[Imported]) -> None:
        counts = Counter(result.status for result in results)
        words = {
            ImportStatus.CREATED: "registered",
            ImportStatus.UPDATED: "updated",
            ImportStatus.EXISTS: "left as they are",
        }
        said = [f"{counts[status]} {word}" for status, word in words.items() if counts[status]]
        if said:
            self.message_user(request, f"Clusters: {', '.join(said)}.", messages.SUCCESS)
        for result in results:
            if result.status == ImportStatus.REFUSED:
                self.message_user(request, result.reason, messages.WARNING)

    def _upload_page(self, request: HttpRequest, form: UploadForm) -> HttpResponse:
        context = self._context(request) | {"form": form}
        return TemplateResponse(request, "admin/clusters/import_upload.html", context)

    def _context(self, request: HttpRequest) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request),
            "title": "Import kubeconfig",
            "opts": self.opts,
        }


def _chosen(sent: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield each ticked context with the name typed beside it."""
    for field, context in sent.items():
        if field.startswith("context-"):
            yield context, sent.get(f"name-{field.removeprefix('context-')}", "").strip()


def _place(user: User) -> str:
    return f"clusters.import:{user.pk}:kubeconfig"


def _seal(text: str, user: User) -> str:
    until = int(time.time()) + SECONDS
    return seal(orjson.dumps({"until": until, "text": text}).decode(), place=_place(user))


def _unseal(sealed: str, user: User) -> str:
    try:
        kept = orjson.loads(unseal(sealed, place=_place(user)))
    except SealBroken:
        raise ValidationError(TOO_LATE) from None
    if kept["until"] < time.time():
        raise ValidationError(TOO_LATE)
    return str(kept["text"])
