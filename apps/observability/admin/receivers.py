"""Who is told of alerts, in the admin. Addresses and secrets go in, and do not come out."""

import ssl
from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.validators import MaxLengthValidator
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from apps.clusters.admin.secret_boxes import SecretInput
from apps.http import trust
from apps.observability.actions.alerts import receivers
from apps.observability.admin.guard import ForAdminsOfAll
from apps.observability.admin.tables import NOTHING, badge
from apps.observability.models import Receiver, Route
from apps.observability.models.notification import Kind

LONGEST_BUNDLE = 64 * 1024
# In the list; its page has all of it.
LONGEST_REASON = 80
# Each is waited for.
MOST_TRIED = 5
# Boxes that say nothing of a receiver whose kind is settled.
NOT_OF = {
    Kind.WEBHOOK: {"email_addresses"},
    Kind.SLACK: {"email_addresses", "signing_secret"},
    Kind.EMAIL: {"url", "signing_secret", "ca_bundle"},
}
TEMPLATES = "admin/observability/receiver"
OF_LETTERS = "For e-mail: addresses, by commas."
KEEP = "Leave it empty to keep what is stored, which is never shown."


class ReceiverForm(forms.ModelForm[Receiver]):
    url = forms.CharField(
        label="URL",
        required=False,
        widget=SecretInput(),
        max_length=receivers.LONGEST_URL,
        validators=[receivers.check_url],
    )
    signing_secret = forms.CharField(
        required=False,
        widget=SecretInput(),
        max_length=200,
        validators=[receivers.check_signing_secret],
    )

    class Meta:
        model = Receiver
        fields = ("name", "kind", "enabled", "email_addresses", "ca_bundle")
        widgets = {"ca_bundle": forms.Textarea(attrs={"rows": 4, "cols": 80})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        made = not self.instance._state.adding  # noqa: SLF001 - Django's own way
        texts = {
            "url": KEEP if made else "Where a webhook or Slack is posted to.",
            "signing_secret": KEEP if made else "For a webhook. Without one, one is made.",
            "email_addresses": "Whom letters go to, by commas." if made else OF_LETTERS,
            "ca_bundle": "The authority that signed its certificate, if it is not public.",
        }
        for name in texts.keys() & self.fields.keys():
            self.fields[name].help_text = texts[name]

    def clean_ca_bundle(self) -> str:
        text = str(self.cleaned_data["ca_bundle"]).replace("\r\n", "\n")
        MaxLengthValidator(LONGEST_BUNDLE)(text)
        try:
            trust(text)
        except (ssl.SSLError, ValueError):
            raise forms.ValidationError("This is no bundle of certificates in PEM.") from None
        return text

    def clean(self) -> dict[str, Any]:
        """Say early what the action would refuse, so that what was typed stays in its boxes."""
        cleaned: dict[str, Any] = super().clean() or {}
        kind = cleaned.get("kind", self.instance.kind)
        if kind == Kind.EMAIL and not cleaned.get("email_addresses"):
            self.add_error("email_addresses", "Write whom letters go to.")
        elif kind != Kind.EMAIL and not (cleaned.get("url") or self.instance.url or self.errors):
            self.add_error("url", "Write where to post to.")
        return cleaned


@admin.register(Receiver)
class ReceiverAdmin(ForAdminsOfAll[Receiver]):
    form = ReceiverForm
    list_display = ("name", "by", "host", "is_on", "why_off")
    list_filter = ("kind", "enabled")
    search_fields = ("name", "host")
    actions = ("try_out", "renew_secret")
    fields = ("name", "kind", "enabled", "url", "signing_secret", "email_addresses", "ca_bundle")

    def get_fields(self, request: HttpRequest, obj: Receiver | None = None) -> Any:
        if obj is None:
            return self.fields
        fields = [one for one in self.fields if one not in NOT_OF[Kind(obj.kind)]]
        if obj.problem:
            fields.insert(fields.index("enabled"), "problem")
        fields.insert(fields.index("enabled") + 1, "host")
        if not self.has_change_permission(request, obj):
            # Else Django would show the columns themselves, sealed as they are.
            fields = [one for one in fields if one not in receivers.SECRETS]
        return (*fields, "created_at", "updated_at")

    def get_form(
        self, request: HttpRequest, obj: Receiver | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        # The boxes for secrets are the form's own: as columns they are nothing to edit.
        columns = {"fields": ReceiverForm.Meta.fields}
        return super().get_form(request, obj, change, **kwargs | columns)

    def get_readonly_fields(
        self, request: HttpRequest, obj: Receiver | None = None
    ) -> tuple[str, ...]:
        return ("kind", "host", "problem", "created_at", "updated_at") if obj else ()

    @admin.display(description="enabled", ordering="enabled")
    def is_on(self, receiver: Receiver) -> SafeString:
        if receiver.enabled:
            return badge("ok", "yes")
        return badge("bad", "switched off") if receiver.problem else badge("warn", "no")

    @admin.display(description="kind", ordering="kind")
    def by(self, receiver: Receiver) -> str:
        return receiver.get_kind_display().partition(",")[0]

    @admin.display(description="why it was switched off", ordering="problem")
    def why_off(self, receiver: Receiver) -> str:
        return Truncator(receiver.problem).chars(LONGEST_REASON) or NOTHING

    def save_model(self, request: HttpRequest, obj: Receiver, form: Any, change: bool) -> None:
        """Go through the same actions as REST does."""
        if change:
            # A box that is not there was not emptied.
            typed_in = [one for one in form.changed_data if one not in NOT_OF[Kind(obj.kind)]]
            fields = {name: form.cleaned_data[name] for name in typed_in}
            receivers.change(obj.pk, fields)
            return
        typed = form.cleaned_data["signing_secret"]
        made, secret = receivers.add({"id": obj.pk, **form.cleaned_data})
        if secret and not typed:
            request._made = [(made, secret)]  # type: ignore[attr-defined]  # noqa: SLF001

    def response_add(
        self, request: HttpRequest, obj: Receiver, post_url_continue: str | None = None
    ) -> HttpResponse:
        made = getattr(request, "_made", None)
        answer = super().response_add(request, obj, post_url_continue)
        return self._show_once(request, made) if made else answer

    def delete_model(self, request: HttpRequest, obj: Receiver) -> None:
        receivers.forget(obj.pk)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Receiver]) -> None:
        for receiver in queryset:
            receivers.forget(receiver.pk)

    def get_deleted_objects(
        self, objs: Iterable[Receiver], request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Name the receivers alone: each may have been told a hundred thousand times."""
        found = list(objs)
        lacking = set() if self.has_delete_permission(request) else {"receiver"}
        names = [f"{one}, with the log of what it was told" for one in found]
        leading = Route.objects.filter(receiver__in=found).select_related("receiver")
        protected = [f"the route {one} leads to {one.receiver}" for one in leading]
        return names, {"receivers": len(found)}, lacking, protected

    @admin.action(description="Send a test", permissions=["change"])
    def try_out(self, request: HttpRequest, queryset: QuerySet[Receiver]) -> None:
        chosen = list(queryset[: MOST_TRIED + 1])
        if len(chosen) > MOST_TRIED:
            said = f"Choose at most {MOST_TRIED}: each of them is waited for."
            self.message_user(request, said, messages.ERROR)
            return
        for receiver in chosen:
            tried = receivers.test(receiver.pk)
            level = messages.WARNING if tried.error else messages.SUCCESS
            said = f"Not taken by {receiver}: {tried.error}." if tried.error else ""
            self.message_user(request, said or f"Taken by {receiver}.", level)

    @admin.action(
        description="New signing secret: the old one ends at once", permissions=["change"]
    )
    def renew_secret(
        self, request: HttpRequest, queryset: QuerySet[Receiver]
    ) -> HttpResponse | None:
        """Ask first, because the old secrets end at once; then show each new one this once."""
        signed = list(queryset.filter(kind=Kind.WEBHOOK))
        if not signed:
            said = "Only what goes to a webhook is signed."
            self.message_user(request, said, messages.WARNING)
            return None
        if request.POST.get("confirmed") != "yes":
            context: dict[str, Any] = {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "checkbox": ACTION_CHECKBOX_NAME,
                "title": "New signing secrets?",
                "signed": signed,
            }
            return TemplateResponse(request, f"{TEMPLATES}/secrets_confirm.html", context)
        # All or none: what one refuses must not swallow the new secret of another.
        with transaction.atomic():
            made = [(one, receivers.renew_secret(one.pk)) for one in signed]
        return self._show_once(request, made)

    def _show_once(self, request: HttpRequest, made: list[tuple[Receiver, str]]) -> HttpResponse:
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "New signing secrets",
            "made": made,
        }
        # Rendered here and now: nothing that comes later ever holds the secrets.
        page = TemplateResponse(request, f"{TEMPLATES}/secrets.html", context).render()
        page.headers["Cache-Control"] = "no-store, private"
        page.context_data = None
        return page
