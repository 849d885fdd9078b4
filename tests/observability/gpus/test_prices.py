"""What GPU-hours and energy cost: by the model of the card, and never a made-up 0."""

from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from apps.observability.gpus import prices
from apps.observability.gpus.prices import Prices
from apps.observability.models import GpuModelPrice, GpuPricing

H100, MIG, A10G = "NVIDIA H100 80GB HBM3", "NVIDIA A100-SXM4-80GB", "NVIDIA A10G"
SET = Prices("EUR", 1.0, 0.3, {"H100": 4.0, "A100": 2.5, "a100 sxm4 80gb": 3.0, "A10": 0.5})


def test_the_price_of_a_model_is_that_whose_words_are_in_the_cards_name() -> None:
    assert SET.of_an_hour(H100) == 4.0
    # The one with the most words.
    assert SET.of_an_hour(MIG) == 3.0
    assert SET.of_an_hour("NVIDIA A100 40GB PCIe") == 2.5
    # A10 is neither A100 nor A10G.
    assert SET.of_an_hour(A10G) == 1.0
    assert SET.of_an_hour("NVIDIA A10") == 0.5
    assert SET.of_an_hour(None) == 1.0
    assert Prices("EUR", None, None, {"H100": 4.0}).of_an_hour(A10G) is None
    assert Prices("EUR", 1.0, None, {"--": 4.0}).of_an_hour(H100) == 1.0


def test_hours_cost_what_one_counts_by_hand() -> None:
    """10 h of an H100 at 4, 2 h of an A100 of 80 GB at 3, 5 h of another card at 1: 51."""
    assert prices.cost_of_hours({H100: 10.0, MIG: 2.0, A10G: 5.0}, SET) == pytest.approx(51.0)
    # A slice of 2/7 held for 7 hours is 2 hours of a card.
    assert prices.cost_of_hours({H100: 7 * 2 / 7}, SET) == pytest.approx(8.0)
    assert prices.cost_of_hours({}, SET) == 0.0
    assert prices.cost_of_energy(12.0, SET) == pytest.approx(3.6)


def test_what_has_no_price_has_no_cost_and_makes_no_sum_too_low() -> None:
    unset = Prices()
    assert (unset.currency, unset.of_an_hour(H100)) == (None, None)
    assert prices.cost_of_hours({H100: 1.0}, unset) is None
    assert prices.cost_of_hours({}, unset) is None
    assert prices.cost_of_energy(0.0, unset) is None
    assert prices.cost_per_hour(H100, 1.0, 1, unset) is None
    some = Prices("EUR", None, None, {"H100": 4.0})
    assert prices.cost_of_hours({H100: 1.0, A10G: 0.1}, some) is None
    assert prices.cost_of_hours({H100: 1.0, A10G: 0.0}, some) == 4.0
    # Nothing is a price as well, where somebody has set it.
    assert prices.cost_of_hours({H100: 1.0}, Prices("EUR", 0.0)) == 0.0


def test_a_holder_costs_his_part_of_the_card_by_the_hour() -> None:
    """3/7 of an H100 at 4, which two hold in turns: 4 x 3 / 7 / 2 each."""
    assert prices.cost_per_hour(H100, 3 / 7, 2, SET) == pytest.approx(4 * 3 / 7 / 2)
    assert prices.cost_per_hour(H100, 1.0, 0, SET) == 4.0


@pytest.mark.django_db
def test_prices_are_read_from_the_one_row() -> None:
    assert prices.made_of(GpuPricing.objects.with_models().first()) == Prices()
    GpuPricing.objects.create(currency="EUR", per_kwh=Decimal("0.25"))
    GpuModelPrice.objects.create(model="H100", per_gpu_hour=Decimal("3.999999"))
    found = prices.made_of(GpuPricing.objects.with_models().first())
    assert found == Prices("EUR", None, 0.25, {"H100": 3.999999})


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("currency", "price", "wrong"),
    [("eur", 1, {"currency"}), ("EUR", -1, {"per_gpu_hour"}), ("", 1, {"currency"})],
)
def test_a_price_that_is_none_is_refused_by_its_field(
    currency: str, price: int, wrong: set[str]
) -> None:
    with pytest.raises(ValidationError) as refused:
        GpuPricing(currency=currency, per_gpu_hour=Decimal(price)).full_clean()
    assert refused.value.message_dict.keys() >= wrong


@pytest.mark.django_db
@pytest.mark.parametrize(
    "row",
    [
        {"currency": "EUR", "id": 2},
        {"currency": "EUR", "per_gpu_hour": -1},
        {"currency": "EUR", "per_kwh": -1},
    ],
)
def test_the_table_takes_no_second_row_and_no_price_below_nothing(row: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        GpuPricing.objects.create(**row)


@pytest.mark.django_db
def test_a_model_has_one_price_however_it_is_written() -> None:
    GpuPricing.objects.create(currency="EUR")
    GpuModelPrice.objects.create(model="H100", per_gpu_hour=1)
    with pytest.raises(ValidationError, match="There is a price of this model already"):
        GpuModelPrice(model="h100", per_gpu_hour=Decimal(2)).full_clean()
    with pytest.raises(ValidationError, match="A part of a card's name"):
        GpuModelPrice(model=" - ", per_gpu_hour=Decimal(2)).full_clean()
