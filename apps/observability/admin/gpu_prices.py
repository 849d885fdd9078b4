"""What GPUs and energy cost, in the admin: one page, for whoever is an admin of all clusters."""

from collections.abc import MutableMapping
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from apps.observability.actions.gpus import pricing
from apps.observability.admin.guard import ForAdminsOfAll
from apps.observability.models import GpuModelPrice, GpuPricing
from apps.observability.models.gpu_price import THE_ONE

PAGE = "admin:observability_gpupricing"
TWICE = "There are two prices of {}. Keep one of them."


class ModelPrices(forms.BaseInlineFormSet[GpuModelPrice, GpuPricing, Any]):
    def clean(self) -> None:
        """Refuse one model written twice, which the database would refuse later and worse."""
        super().clean()
        seen = set()
        for name in self.wanted():
            if name.lower() in seen:
                raise forms.ValidationError(TWICE.format(name))
            seen.add(name.lower())

    def wanted(self) -> list[str]:
        return [data["model"] for data in self._kept()]

    def prices(self) -> dict[str, Any]:
        return {data["model"]: data["per_gpu_hour"] for data in self._kept()}

    def _kept(self) -> list[dict[str, Any]]:
        told = [getattr(form, "cleaned_data", {}) for form in self.forms]
        return [one for one in told if one.get("model") and not one.get("DELETE")]


def shorten(initial: MutableMapping[str, Any]) -> None:
    """Fill the boxes with prices as people write them."""
    for name in initial.keys() & {"per_gpu_hour", "per_kwh"}:
        initial[name] = pricing.written(initial[name])


class PricesForm(forms.ModelForm[GpuPricing]):
    class Meta:
        model = GpuPricing
        fields = pricing.FIELDS
        labels = {"per_gpu_hour": "Per GPU-hour", "per_kwh": "Per kWh"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shorten(self.initial)


class ModelPriceForm(forms.ModelForm[GpuModelPrice]):
    class Meta:
        model = GpuModelPrice
        fields = ("model", "per_gpu_hour")
        labels = {"per_gpu_hour": "Per GPU-hour"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shorten(self.initial)


class OfModels(admin.TabularInline[GpuModelPrice, GpuPricing]):
    model = GpuModelPrice
    form = ModelPriceForm
    formset = ModelPrices
    extra = 1


@admin.register(GpuPricing)
class GpuPricingAdmin(ForAdminsOfAll[GpuPricing]):
    form = PricesForm
    inlines = (OfModels,)
    fieldsets = (
        (
            None,
            {
                "fields": pricing.FIELDS,
                "description": "Costs are worked out when somebody asks for them: a new price "
                "counts for the past as well. What has no price costs an unknown sum, not nothing.",
            },
        ),
        (None, {"fields": ("updated_at",)}),
    )

    def get_fieldsets(self, request: HttpRequest, obj: GpuPricing | None = None) -> Any:
        return self.fieldsets if obj else self.fieldsets[:1]

    def get_readonly_fields(self, request: HttpRequest, obj: GpuPricing | None = None) -> Any:
        return ("updated_at",) if obj else ()

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lead to the one row, or to where it is made."""
        if not self.has_view_or_change_permission(request):
            return super().changelist_view(request, extra_context)
        if GpuPricing.objects.exists():
            return redirect(f"{PAGE}_change", THE_ONE)
        if self.has_add_permission(request):
            return redirect(f"{PAGE}_add")
        return super().changelist_view(request, extra_context)

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: GpuPricing | None = None,
    ) -> HttpResponse:
        # There is no other to add.
        context["show_save_and_add_another"] = False
        return super().render_change_form(request, context, add, change, form_url, obj)

    def save_model(self, request: HttpRequest, obj: GpuPricing, form: Any, change: bool) -> None:
        """Nothing yet: it goes in with the prices of models, by one action and one audit line."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        of_models = None
        for formset in formsets:
            # Django asks what it would write, for its own history.
            formset.save(commit=False)
            of_models = formset.prices()
        fields = {name: form.cleaned_data[name] for name in pricing.FIELDS}
        pricing.set_prices(fields, of_models)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and not GpuPricing.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: GpuPricing | None = None) -> bool:
        # Its boxes can be emptied, and that is what is told then.
        return False
