"""A card's findings, in words, with what to do; the worst first, and none without a reason."""

from dataclasses import replace

import pytest

from apps.observability.gpus import health, xids
from apps.observability.gpus.reading import REASON_BITS, EccCounts, Gpu
from apps.observability.gpus.xids import Severity
from apps.observability.sources.nvidia_smi import document as xml
from tests.observability.gpus.documents import document, whole
from tests.observability.gpus.older_documents import LOST, P100

OK = Gpu(
    uuid="GPU-1",
    temperature_celsius=50,
    slowdown_celsius=87,
    power_draw_watts=300.0,
    power_limit_watts=700.0,
    power_limit_default_watts=700.0,
    throttle_reasons=(),
    xid_errors=(),
    recovery_action="NONE",
    remapped_rows_failure=False,
    ecc_volatile=EccCounts(corrected=12, uncorrected=0),
)


def codes(gpu: Gpu) -> list[tuple[str, Severity]]:
    return [(one.code, one.severity) for one in health.judge(gpu)]


def test_a_card_that_is_well_and_one_that_says_nothing_have_no_findings() -> None:
    assert health.judge(OK) == ()
    assert health.judge(Gpu()) == ()
    assert health.severity(Gpu()) == Severity.OK


def test_a_card_off_the_bus_is_lost_until_somebody_reboots() -> None:
    (finding,) = health.judge(replace(OK, xid_errors=(79,)))
    assert (finding.code, finding.severity) == ("XID_79", Severity.CRITICAL)
    assert finding.words == "XID 79: The GPU has fallen off the bus"
    assert "reboot" in finding.do


@pytest.mark.parametrize("number", [48, 62, 64, 74, 79, 95, 119, 120])
def test_xids_that_cost_the_card_are_critical(number: int) -> None:
    assert xids.explain(number).severity == Severity.CRITICAL


@pytest.mark.parametrize("number", [13, 31, 43, 45, 63, 92])
def test_xids_of_applications_are_none_of_the_cards(number: int) -> None:
    assert xids.explain(number).severity == Severity.INFO


def test_an_unknown_xid_is_told_and_every_known_one_says_what_to_do() -> None:
    assert xids.explain(999).severity == Severity.WARNING
    assert all(one.meaning and one.do for one in xids.KNOWN.values())


def test_memory_errors_and_spare_rows_are_judged_by_what_they_need() -> None:
    assert codes(replace(OK, remapped_rows_failure=True)) == [
        ("ROW_REMAP_FAILURE", Severity.CRITICAL)
    ]
    assert codes(replace(OK, remapped_rows_pending=True)) == [
        ("ROW_REMAP_PENDING", Severity.WARNING)
    ]
    assert codes(replace(OK, remapped_rows_uncorrectable=2)) == [("ROWS_REMAPPED", Severity.INFO)]
    assert codes(
        replace(OK, ecc_volatile=EccCounts(uncorrected=3), ecc_aggregate=EccCounts(uncorrected=3))
    ) == [("ECC_UNCORRECTED", Severity.WARNING)]
    assert codes(replace(OK, ecc_aggregate=EccCounts(uncorrected=3))) == [
        ("ECC_UNCORRECTED_BEFORE", Severity.INFO)
    ]
    assert codes(replace(OK, sram_threshold_exceeded=True))[0][1] == Severity.CRITICAL
    assert codes(replace(OK, unrepairable_memory=True))[0][1] == Severity.CRITICAL
    assert codes(replace(OK, retired_pages_single_bit=59)) == [("PAGES_RETIRED", Severity.INFO)]
    worn = replace(OK, retired_pages_single_bit=59, retired_pages_double_bit=1)
    assert codes(worn) == [("PAGES_RETIRED", Severity.CRITICAL)]


@pytest.mark.parametrize(
    ("celsius", "severity", "words"),
    [
        (81, None, ""),
        (82, Severity.WARNING, "The card is 5 C from the point where it slows itself down"),
        (87, Severity.CRITICAL, "The card is at the point where it slows itself down"),
        (90, Severity.CRITICAL, "The card is 3 C over the point where it slows itself down"),
    ],
)
def test_temperature_is_judged_by_the_cards_own_limit(
    celsius: int, severity: Severity | None, words: str
) -> None:
    found = health.judge(replace(OK, temperature_celsius=celsius))
    assert [(one.severity, one.words) for one in found] == ([(severity, words)] if severity else [])


def test_newer_cards_are_judged_by_the_degrees_that_are_left() -> None:
    hopper = replace(
        OK,
        slowdown_celsius=None,
        tlimit_celsius=26,
        tlimit_max_operating_celsius=0,
        tlimit_slowdown_celsius=-2,
        tlimit_shutdown_celsius=-8,
    )
    assert [one.celsius for one in health.headrooms(hopper)] == [26, 28, 34]
    assert health.judge(hopper) == ()
    assert codes(replace(hopper, tlimit_celsius=5)) == [("TEMPERATURE", Severity.WARNING)]
    assert codes(replace(hopper, tlimit_celsius=-1)) == [("TEMPERATURE", Severity.WARNING)]
    assert codes(replace(hopper, tlimit_celsius=-2)) == [("TEMPERATURE", Severity.CRITICAL)]


def test_the_memory_has_a_limit_of_its_own() -> None:
    hot = replace(OK, memory_temperature_celsius=96, memory_max_operating_celsius=95)
    (finding,) = health.judge(hot)
    assert finding.words == "The card is 1 C over its memory's highest temperature for work"


def test_what_holds_the_clocks_down_is_said_in_words() -> None:
    assert set(health.REASON_WORDS) == set(REASON_BITS)
    hot = replace(
        OK, throttle_reasons=("hw_slowdown", "sw_thermal_slowdown", "hw_thermal_slowdown")
    )
    assert codes(hot) == [("THROTTLED", Severity.CRITICAL), ("THROTTLED", Severity.WARNING)]
    assert codes(replace(OK, throttle_reasons=("hw_slowdown",))) == [
        ("THROTTLED", Severity.WARNING)
    ]
    assert codes(replace(OK, throttle_reasons=("gpu_idle", "sync_boost"))) == []
    assert health.reasons_in_words(hot)[1].startswith("the driver holds")


def test_a_card_at_its_power_limit_works_as_it_should_and_says_so() -> None:
    capped = replace(OK, power_draw_watts=690.0, throttle_reasons=("sw_power_cap",))
    assert codes(capped) == [("POWER_CAPPED", Severity.INFO)]
    lowered = replace(OK, power_limit_watts=500.0)
    (finding,) = health.judge(lowered)
    assert finding.words == "The power limit is set to 500 W, below the card's own 700 W"


def test_the_drivers_advice_is_passed_on() -> None:
    assert codes(replace(OK, recovery_action="NODE_REBOOT"))[0][1] == Severity.CRITICAL
    assert codes(replace(OK, recovery_action=None, reset_required=True)) == [
        ("RECOVERY_ACTION", Severity.CRITICAL)
    ]
    assert codes(replace(OK, recovery_action="DRAIN_P2P")) == [
        ("RECOVERY_ACTION", Severity.WARNING)
    ]


def test_a_narrow_link_matters_at_work_alone() -> None:
    narrow = replace(OK, pcie_width=8, pcie_width_max=16)
    assert codes(replace(narrow, pstate="P0")) == [("PCIE_NARROW", Severity.WARNING)]
    assert codes(replace(narrow, pstate="P8")) == []


def test_readings_of_nvidia_smi_are_judged_the_worst_first() -> None:
    (lost,) = xml.read(document(LOST)).gpus
    assert codes(lost) == [("NO_ANSWER", Severity.CRITICAL)]
    (old,) = xml.read(document(P100)).gpus
    assert {code for code, _ in codes(old)} >= {"THROTTLED", "TEMPERATURE", "ECC_UNCORRECTED"}
    found = codes(xml.read(document(whole())).gpus[0])
    assert [one for _, one in found] == sorted((one for _, one in found), reverse=True)
