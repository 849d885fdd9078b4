"""Prices of GPUs in the admin: set by an admin of all clusters, and noted."""

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Permission

from apps.accounts.models import AuditEvent, User
from apps.clusters.models.grant import Role
from apps.observability.models import GpuModelPrice, GpuPricing
from tests.factories import grant, make_cluster, make_user
from tests.observability.gpus.test_gpu_admin import ADMIN, browser_of, page_of

pytestmark = pytest.mark.django_db

PRICES = f"{ADMIN}/gpupricing/"
ONE = f"{PRICES}1/change/"


def typed(*models: tuple[str, str], first: int = 0, **more: str) -> dict[str, str]:
    """What a browser posts; of `models` the first so many are rows already, in their order."""
    body = {"currency": "EUR", "per_gpu_hour": "2.50", "per_kwh": ""}
    body |= {"of_models-TOTAL_FORMS": str(len(models)), "of_models-INITIAL_FORMS": str(first)}
    rows = list(GpuModelPrice.objects.order_by("model")) if first else []
    for number, (model, price) in enumerate(models):
        body |= {f"of_models-{number}-model": model, f"of_models-{number}-per_gpu_hour": price}
        if number < first:
            body |= {f"of_models-{number}-id": str(rows[number].pk)}
            body |= {f"of_models-{number}-pricing": "1"}
    return body | more


def held() -> dict[str, Decimal]:
    return dict(GpuModelPrice.objects.values_list("model", "per_gpu_hour"))


def noted() -> list[tuple[str, dict[str, Any]]]:
    rows = AuditEvent.objects.filter(object_type="GPU prices").order_by("pk")
    return list(rows.values_list("action", "details"))


def test_prices_are_set_changed_and_noted(admin: User) -> None:
    browser = browser_of(admin)
    assert browser.get(PRICES).headers["Location"] == f"{PRICES}add/"
    added = browser.post(f"{PRICES}add/", typed(("A100", "3.1"), ("H100", "4")))
    assert added.status_code == 302, added.content
    assert browser.get(PRICES).headers["Location"] == ONE
    assert browser.get(f"{PRICES}add/").status_code == 403
    pricing = GpuPricing.objects.get()
    assert (pricing.currency, pricing.per_gpu_hour, pricing.per_kwh) == (
        "EUR",
        Decimal("2.5"),
        None,
    )
    assert held() == {"A100": Decimal("3.1"), "H100": Decimal(4)}
    page = page_of(browser, ONE)
    assert "a new price counts for the past as well" in page
    assert "Save and add another" not in page
    assert 'value="2.5"' in page
    assert 'value="3.1"' in page
    trail = "/admin/accounts/auditevent/?object_id=1&amp;object_type=GPU%20prices"
    assert f'<a href="{trail}">' in page
    assert "GPU prices in EUR" in page_of(browser, trail.replace("&amp;", "&"))
    changed = typed(
        ("A100", "3.1"), ("H100", "4.25"), ("L4", "0.8"), first=2, per_kwh="0.3", currency="USD"
    )
    changed["of_models-0-DELETE"] = "on"
    assert browser.post(ONE, changed).status_code == 302
    assert held() == {"H100": Decimal("4.25"), "L4": Decimal("0.8")}
    assert GpuPricing.objects.get().currency == "USD"
    assert noted() == [
        (
            "added",
            {
                "currency": [None, "EUR"],
                "per_gpu_hour": [None, "2.5"],
                "of_models": {"A100": [None, "3.1"], "H100": [None, "4"]},
            },
        ),
        (
            "changed",
            {
                "currency": ["EUR", "USD"],
                "per_kwh": [None, "0.3"],
                "of_models": {"A100": ["3.1", None], "H100": ["4", "4.25"], "L4": [None, "0.8"]},
            },
        ),
    ]


def test_a_change_of_nothing_is_not_noted(admin: User) -> None:
    browser = browser_of(admin)
    browser.post(f"{PRICES}add/", typed(("H100", "4")))
    before = GpuPricing.objects.get().updated_at
    assert browser.post(ONE, typed(("H100", "4.000"), first=1)).status_code == 302
    assert GpuPricing.objects.get().updated_at == before
    assert len(noted()) == 1
    emptied = typed(("H100", "4"), first=1, per_gpu_hour="")
    assert browser.post(ONE, emptied).status_code == 302
    assert GpuPricing.objects.get().per_gpu_hour is None
    assert noted()[1] == ("changed", {"per_gpu_hour": ["2.5", None]})


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (typed(("H100", "-1")), "greater than or equal to 0"),
        (typed(("H100", "1"), ("h100", "2")), "There are two prices of h100."),
        (typed(("a100", "1"), ("A100", "2")), "There are two prices of A100."),
        (typed(("", "1")), "This field is required."),
        (typed(("H100", "")), "This field is required."),
        (typed(currency="euro"), "Ensure this value has at most 3"),
        (typed(currency="eur"), "Three capital letters"),
        (typed(per_kwh="NaN"), "Enter a number."),
        (typed(per_kwh="1e99"), "no more than"),
    ],
)
def test_a_price_that_makes_no_sense_is_refused(
    admin: User, body: dict[str, str], sentence: str
) -> None:
    answer = browser_of(admin).post(f"{PRICES}add/", body)
    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    assert not GpuPricing.objects.exists()
    assert not noted()


def test_prices_are_for_an_admin_of_all_clusters(admin: User) -> None:
    browser_of(admin).post(f"{PRICES}add/", typed(("H100", "4")))
    staff = make_user("staff", is_staff=True)
    staff.user_permissions.set(
        Permission.objects.filter(content_type__app_label__in=["observability", "clusters"])
    )
    grant(staff, Role.ADMIN, make_cluster("red-1"))
    browser = browser_of(staff)
    assert [browser.get(url).status_code for url in (PRICES, ONE)] == [403, 403]
    assert browser.post(ONE, typed(("H100", "1"), first=1)).status_code == 403
    assert "GPU prices" not in page_of(browser, "/admin/")
    grant(staff, Role.ADMIN, everywhere=True)
    assert browser.post(ONE, typed(("H100", "5"), first=1)).status_code == 302
    assert held() == {"H100": Decimal(5)}
    assert browser.post(f"{PRICES}1/delete/", {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("codename", ["view_gpumodelprice", None])
def test_who_may_not_change_prices_of_models_leaves_them_as_they_are(
    admin: User, codename: str | None
) -> None:
    browser_of(admin).post(f"{PRICES}add/", typed(("H100", "4")))
    staff = make_user("staff", is_staff=True)
    grant(staff, Role.ADMIN, everywhere=True)
    names = ["change_gpupricing", codename or "view_gpupricing"]
    staff.user_permissions.set(Permission.objects.filter(codename__in=names))
    body = typed(("H100", "1"), first=1, currency="USD")
    assert browser_of(staff).post(ONE, body).status_code == 302
    assert GpuPricing.objects.get().currency == "USD"
    assert held() == {"H100": Decimal(4)}
