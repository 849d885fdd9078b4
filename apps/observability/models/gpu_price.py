"""What an hour of a GPU and a kWh cost: set by people, in one currency for the whole fleet.

What has no price costs an unknown sum, and not nothing.
"""

from typing import Self

from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models.functions import Lower

THE_ONE = 1
# As ISO 4217 writes it.
_currency = RegexValidator(r"\A[A-Z]{3}\Z", "Three capital letters, such as EUR.")
# A run of words: what stands between them may differ from card to card.
_model = RegexValidator(r"\A[\x20-\x7e]*[0-9A-Za-z][\x20-\x7e]*\Z", "A part of a card's name.")
# Of money per hour, and per kWh.
_DIGITS, _PLACES = 14, 6


class GpuPricingQuerySet(models.QuerySet["GpuPricing"]):
    def with_models(self) -> Self:
        return self.prefetch_related("of_models")


class GpuPricing(models.Model):
    """The one row of prices; without it nothing has a price."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=THE_ONE, editable=False)
    currency = models.CharField(
        max_length=3, validators=[_currency], help_text="Of all prices: EUR, USD, ..."
    )
    per_gpu_hour = models.DecimalField(
        max_digits=_DIGITS,
        decimal_places=_PLACES,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text="Of an hour of a whole card whose model has no price of its own; empty: unknown.",
    )
    per_kwh = models.DecimalField(
        max_digits=_DIGITS,
        decimal_places=_PLACES,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text="Of the electric energy; empty: unknown.",
    )
    updated_at = models.DateTimeField(auto_now=True)

    objects = GpuPricingQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "GPU prices"
        constraints = [
            models.CheckConstraint(condition=models.Q(id=THE_ONE), name="there_is_one_gpu_pricing"),
            models.CheckConstraint(
                condition=models.Q(per_gpu_hour__gte=0) & models.Q(per_kwh__gte=0),
                name="no_gpu_price_below_nothing",
            ),
        ]

    def __str__(self) -> str:
        return f"GPU prices in {self.currency}"


class GpuModelPrice(models.Model):
    """The price of an hour of cards of one model; `gpus.prices` says which cards those are."""

    pricing = models.ForeignKey(
        GpuPricing, on_delete=models.CASCADE, related_name="of_models", default=THE_ONE
    )
    model = models.CharField(
        max_length=100,
        validators=[_model],
        help_text="Words of the card's name: H100, or A100 80GB. The longest that fits counts.",
    )
    per_gpu_hour = models.DecimalField(
        max_digits=_DIGITS,
        decimal_places=_PLACES,
        validators=[MinValueValidator(0)],
        help_text="Of an hour of a whole card; a slice costs its part of it.",
    )

    class Meta:
        ordering = ["model"]
        verbose_name = "price of a model"
        verbose_name_plural = "prices of models"
        constraints = [
            models.UniqueConstraint(
                Lower("model"),
                name="one_price_a_gpu_model",
                violation_error_message="There is a price of this model already.",
            ),
            models.CheckConstraint(
                condition=models.Q(per_gpu_hour__gte=0), name="no_gpu_model_price_below_nothing"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model}: {self.per_gpu_hour}"
