"""nvidia-smi's CSV: each row by its header, with or without units; what does not fit is none."""

import pytest

from apps.observability.gpus.reading import REASON_BITS, EccCounts, Gpu
from apps.observability.sources.nvidia_smi import document as xml
from apps.observability.sources.nvidia_smi import listing, processes, refusals, table
from tests.observability.gpus.documents import A100_SLICED, document, whole
from tests.observability.gpus.older_documents import LOST
from tests.observability.gpus.tables import CSV, LIST, PROCESSES

A100 = "GPU-aaaaaaaa-0000-4000-8000-000000000001"
H100 = "GPU-bbbbbbbb-0000-4000-8000-000000000000"
# Of a table, only these are not said.
LIKE_CSV = ("pcie_replays", "virtualization", "mig_instances", "processes")


def nounits() -> str:
    text = CSV
    for unit in (" MiB", " MHz", " us", " W,", " %"):
        text = text.replace(unit, "," if unit.endswith(",") else "")
    return text


def test_each_row_is_read_field_by_field() -> None:
    reading = table.read(CSV)
    assert reading.errors == ()
    assert reading.driver_version == "590.48.01"
    assert reading.gpus[1] == Gpu(
        index=1,
        uuid=A100,
        name="NVIDIA A100-SXM4-80GB",
        bus_id="00000000:01:00.0",
        memory_total_mb=81920,
        memory_used_mb=11013,
        memory_free_mb=70038,
        memory_reserved_mb=869,
        temperature_celsius=27,
        memory_temperature_celsius=44,
        power_draw_watts=67.03,
        power_limit_watts=500.0,
        power_limit_default_watts=500.0,
        power_limit_max_watts=500.0,
        pstate="P0",
        sm_clock_mhz=1275,
        memory_clock_mhz=1593,
        sm_clock_max_mhz=1410,
        throttle_reasons=("gpu_idle",),
        ecc_enabled=True,
        ecc_volatile=EccCounts(4, 6, 1, None, 3, None),
        sram_threshold_exceeded=False,
        recovery_action="DRAIN_AND_RESET",
        mig_enabled=True,
    )


def test_a_card_of_windows_keeps_what_it_does_not_give() -> None:
    gpu = table.read(CSV).gpus[2]
    assert (gpu.driver_model, gpu.fan_speed_percent) == ("WDDM", 38)
    assert gpu.throttle_reasons == ("gpu_idle",)
    assert gpu.power_draw_watts is None
    assert gpu.errors == ('power.draw.instant reads "Unknown Error"',)
    assert gpu.failure is None
    assert gpu.ecc_volatile == EccCounts()
    assert gpu.memory_temperature_celsius is None


def test_units_may_be_left_out() -> None:
    assert table.read(nounits()).gpus == table.read(CSV).gpus


def test_the_older_names_of_columns_are_understood() -> None:
    older = CSV.replace("clocks_event_reasons", "clocks_throttle_reasons")
    assert table.read(older).gpus == table.read(CSV).gpus


def test_reasons_are_taken_from_the_mask_where_it_is_all_there_is() -> None:
    gpu = table.read(f"uuid, clocks_event_reasons.active\n{A100}, 0x00000000000000C8\n").gpus[0]
    assert gpu.throttle_reasons == (
        "hw_slowdown",
        "hw_thermal_slowdown",
        "hw_power_brake_slowdown",
    )


def test_without_the_mask_all_reasons_must_have_a_column() -> None:
    names = [name for name in REASON_BITS if name != "display_clocks_setting"]
    columns = ", ".join(f"clocks_event_reasons.{name}" for name in names)
    row = ", ".join("Active" if name == "sw_power_cap" else "Not Active" for name in names)
    (gpu,) = table.read(f"uuid, {columns}\n{A100}, {row}\n").gpus
    assert gpu.throttle_reasons == ("sw_power_cap",)
    (gpu,) = table.read(
        f"uuid, {columns.replace('sync_boost', 'sinc_boost')}\n{A100}, {row}\n"
    ).gpus
    assert gpu.throttle_reasons is None


def test_rows_that_are_missing_are_told_and_a_row_without_an_end_is_none() -> None:
    rows = CSV.splitlines(keepends=True)
    reading = table.read("".join(rows[:3]))
    assert reading.attached == 3
    assert reading.errors == ("3 GPUs are attached, 2 are described",)
    cut = table.read(CSV[:-3])
    assert [gpu.index for gpu in cut.gpus] == [0, 1]
    assert "nvidia-smi's output breaks off within a line" in cut.errors


def test_the_xml_and_the_table_of_a_card_agree_on_all_that_both_say() -> None:
    (from_xml,) = xml.read(document(whole())).gpus
    from_table = table.read(CSV).gpus[0]
    for name in (name for name in Gpu.__slots__ if name not in LIKE_CSV):
        ours, theirs = getattr(from_xml, name), getattr(from_table, name)
        if theirs is not None and not isinstance(theirs, EccCounts):
            assert ours == theirs, name


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (", 97 %", "; 97 %"),
        ("81559 MiB, 479", "81559 MiB,479"),
        ("H100 80GB", "H10, 80GB"),
    ],
)
def test_a_row_whose_cells_do_not_match_its_header_is_left_out(old: str, new: str) -> None:
    reading = table.read(CSV.replace(old, new))
    assert [gpu.index for gpu in reading.gpus] == [1, 2]
    assert any("cells under a header" in one for one in reading.errors)


def test_a_row_that_lost_one_cell_and_gained_another_is_left_out() -> None:
    moved = CSV.replace("1912 MHz", "191, MHz").replace(
        "Disabled, , Completed", "Disabled. , Completed"
    )
    reading = table.read(moved)
    assert [gpu.index for gpu in reading.gpus] == [1, 2]
    assert any("has moved" in one for one in reading.errors)


def test_a_damaged_name_of_a_column_costs_that_column_only() -> None:
    reading = table.read(CSV.replace("memory.used", "memory.usad"))
    assert reading.gpus[0].memory_used_mb is None
    assert reading.gpus[0].memory_free_mb == 61262


def test_a_lost_card_in_the_table_says_so() -> None:
    row = f"{A100}, 1, [GPU is lost], [GPU is lost], [Unknown Error]"
    text = f"uuid, index, temperature.gpu, pstate, memory.used [MiB]\n{row}\n"
    (gpu,) = table.read(text).gpus
    assert gpu.failure == "GPU is lost"
    said = f"Unable to determine the device handle for GPU 0000:02:00.0: Unknown Error\n{text}"
    assert table.read(said).lost == ("00000000:02:00.0",)


def test_a_field_that_a_version_does_not_know_is_named() -> None:
    said = 'Field "gpu_recovery_action" is not a valid field to query.\n\n'
    assert refusals.field_refused(said) == "gpu_recovery_action"
    assert refusals.field_refused(CSV) is None
    assert table.read(said).errors


def test_the_list_gives_slices_their_names() -> None:
    reading = listing.complete(xml.read(document(A100_SLICED)), listing.read(LIST))
    (gpu,) = reading.gpus
    assert gpu.index == 1
    first, second = gpu.mig_instances or ()
    assert (first.profile, first.uuid) == (
        "3g.40gb",
        "MIG-11111111-0000-4000-8000-000000000001",
    )
    assert second.profile == "1c.1g.10gb+me"
    assert reading.errors == ()


def test_slices_under_a_line_that_cannot_be_read_belong_to_no_card() -> None:
    found = listing.read(LIST.replace("GPU 1:", "GPU l:"))
    assert [gpu.index for gpu in found.gpus] == [0]
    assert found.gpus[0].instances == {}
    assert found.errors


def test_the_old_names_of_slices_are_read() -> None:
    text = f"GPU 0: A100-SXM4-40GB (UUID: {A100})\n  MIG 1g.5gb Device 0: (UUID: MIG-{A100}/7/0)\n"
    assert listing.read(text).gpus[0].instances == {0: ("1g.5gb", f"MIG-{A100}/7/0")}


def test_processes_come_with_their_card_and_names_may_hold_commas() -> None:
    found, errors = processes.read(PROCESSES)
    assert errors == ()
    assert [(one.gpu_uuid, one.pid, one.process_name, one.used_memory_mb) for one in found] == [
        (H100, 11327, "python3 -c print(1, 2)", 17252),
        (A100, 21180, "/usr/bin/train", 10987),
        ("GPU-dddddddd-0000-4000-8000-000000000002", 77, None, None),
    ]


def test_processes_are_given_to_the_cards_that_listed_none_themselves() -> None:
    found, _ = processes.read(PROCESSES)
    reading = processes.attach(table.read(CSV), found)
    assert [len(gpu.processes or ()) for gpu in reading.gpus] == [1, 1, 1]
    listed = processes.attach(xml.read(document(whole())), found)
    assert [one.pid for one in listed.gpus[0].processes or ()] == [11327, 11328]


@pytest.mark.parametrize(
    "row",
    [
        f"113x7, 5 MiB, a, {H100}",
        f"7, 5 MiB, a, {H100[:-1]}",
        f"7, 5 MiB, {H100}",
        f"7, 5, MiB, a, {H100}",
    ],
)
def test_a_process_that_cannot_be_told_is_left_out(row: str) -> None:
    header = PROCESSES.partition("\n")[0]
    found, errors = processes.read(f"{header}\n{row}\n")
    assert found == ()
    assert errors


def test_there_is_a_limit_to_what_is_read() -> None:
    long = "x" * 2**21
    assert table.read(long).gpus == ()
    assert listing.read(long).gpus == ()
    assert processes.read(long)[0] == ()
    assert xml.read(document(LOST)).gpus[0].failure


def test_a_row_beside_a_piece_of_a_row_is_left_out() -> None:
    found, errors = processes.read(PROCESSES.replace("11327,", "1\n327,"))
    assert [one.pid for one in found] == [21180, 77]
    assert "a process may have lost a piece to the line beside it" in errors
    reading = table.read(CSV.replace("\n2026", "\n20\n26", 1))
    assert [gpu.index for gpu in reading.gpus] == [1, 2]


def test_rows_of_processes_that_grew_together_are_left_out() -> None:
    grown = PROCESSES.replace("000000000000\n", "0000000000z0.")
    found, errors = processes.read(grown)
    assert [one.pid for one in found] == [77]
    assert errors


def test_a_warning_after_the_table_costs_no_row() -> None:
    reading = table.read(f"{CSV}WARNING: infoROM is corrupted at gpu 0000:19:00.0\n")
    assert len(reading.gpus) == 3
    assert "InfoROM" in reading.errors[0]
