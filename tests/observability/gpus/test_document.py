"""What `nvidia-smi -q -x` says of a card is read field by field; what it does not say is None."""

import pytest

from apps.observability.gpus.reading import EccCounts, Gpu, GpuProcess, MigInstance, NodeReading
from apps.observability.sources.nvidia_smi import document as xml
from tests.observability.gpus.documents import A100_SLICED, document, whole
from tests.observability.gpus.older_documents import LOST, P100, VIRTUAL

WHOLE = "GPU-bbbbbbbb-0000-4000-8000-000000000000"


def only_card(reading: NodeReading) -> Gpu:
    assert reading.errors == ()
    (gpu,) = reading.gpus
    return gpu


READ = Gpu(
    index=0,
    uuid=WHOLE,
    name="NVIDIA H100 80GB HBM3",
    bus_id="00000000:19:00.0",
    virtualization="Pass-Through",
    memory_total_mb=81559,
    memory_used_mb=19818,
    memory_free_mb=61262,
    memory_reserved_mb=479,
    utilization_gpu_percent=97,
    utilization_memory_percent=11,
    utilization_encoder_percent=3,
    utilization_decoder_percent=2,
    temperature_celsius=59,
    memory_temperature_celsius=55,
    tlimit_celsius=26,
    tlimit_slowdown_celsius=-2,
    tlimit_shutdown_celsius=-8,
    tlimit_max_operating_celsius=0,
    power_draw_watts=629.45,
    power_limit_watts=650.0,
    power_limit_default_watts=700.0,
    power_limit_max_watts=705.0,
    pstate="P0",
    sm_clock_mhz=1912,
    memory_clock_mhz=2613,
    sm_clock_max_mhz=1980,
    memory_clock_max_mhz=2619,
    throttle_reasons=("sw_power_cap", "sw_thermal_slowdown"),
    ecc_enabled=True,
    ecc_volatile=EccCounts(45, 70, 21, 45, 24, 25),
    ecc_aggregate=EccCounts(65, 100, 31, 65, 34, 35),
    sram_threshold_exceeded=False,
    unrepairable_memory=False,
    channel_repair_pending=False,
    tpc_repair_pending=True,
    remapped_rows_correctable=4,
    remapped_rows_uncorrectable=5,
    remapped_rows_pending=True,
    remapped_rows_failure=False,
    recovery_action="NONE",
    pcie_replays=9,
    pcie_generation=4,
    pcie_generation_max=5,
    pcie_width=8,
    pcie_width_max=16,
    fabric_state="Completed",
    fabric_status="Success",
    mig_enabled=False,
    mig_enabled_after_reset=False,
    mig_instances=(),
    processes=(
        GpuProcess(11327, "/opt/vllm/bin/python3 -m serve & log", 17252, "COMPUTE", WHOLE),
        GpuProcess(11328, "render", 2566, "MIXED", WHOLE),
    ),
)


def test_a_whole_card_is_read_field_by_field() -> None:
    reading = xml.read(document(whole()))
    assert (reading.driver_version, reading.cuda_version) == ("590.48.01", "13.1")
    assert reading.attached == 1
    assert only_card(reading) == READ


def test_a_card_in_slices_has_no_use_of_its_own_and_its_slices_have_memory() -> None:
    gpu = only_card(xml.read(document(A100_SLICED, dtd="v12")))
    assert gpu.mig_enabled is True
    assert gpu.utilization_gpu_percent is None
    assert gpu.utilization_memory_percent is None
    assert gpu.mig_instances == (
        MigInstance(2, 0, 0, None, None, 42, 40192, 11000, 29189, 3, None, 1),
        MigInstance(9, 0, 1, None, None, 14, 9728, 13, 9715, 0, None, 0),
    )
    assert gpu.memory_used_mb == 11013
    assert (gpu.slowdown_celsius, gpu.shutdown_celsius, gpu.max_operating_celsius) == (89, 92, 85)
    assert gpu.memory_max_operating_celsius == 95
    assert (gpu.reset_required, gpu.drain_and_reset_recommended) == (False, True)
    assert gpu.ecc_volatile == EccCounts(4, 6, 1, 2, 3, 4)
    assert gpu.remapped_rows_pending is None
    (process,) = gpu.processes or ()
    assert (process.gpu_instance_id, process.type, process.used_memory_mb) == (2, "COMPUTE", 10987)


def test_the_names_and_counts_of_old_dtds_are_understood() -> None:
    for dtd in ("v9", "v10", "v11"):
        gpu = only_card(xml.read(document(P100, dtd=dtd, driver="418.226.00", cuda="10.1")))
        assert gpu.throttle_reasons == ("hw_slowdown", "hw_power_brake_slowdown")
        assert gpu.ecc_volatile == EccCounts(corrected=8, uncorrected=1)
        assert gpu.ecc_aggregate == EccCounts()
        assert (gpu.power_draw_watts, gpu.power_limit_watts) == (180.11, 230.0)
        assert (gpu.retired_pages_single_bit, gpu.retired_pages_double_bit) == (2, 1)
        assert gpu.retired_pages_pending is True
        assert gpu.processes == ()
        assert gpu.mig_instances is None
        assert gpu.mig_enabled is None


def test_a_virtual_gpu_under_windows_keeps_what_it_does_not_give() -> None:
    text = document(VIRTUAL, dtd="v11", driver="513.46", cuda="11.6").encode("cp1252")
    gpu = only_card(xml.read(text))
    assert (gpu.driver_model, gpu.virtualization) == ("WDDM", "VGPU")
    assert gpu.throttle_reasons is None
    assert gpu.power_draw_watts is None
    assert gpu.mig_enabled is None
    first, second = gpu.processes or ()
    assert first == GpuProcess(1188, None, None, "MIXED", gpu.uuid)
    assert second.process_name == "C:\\Programs\\R&D\\caf?.exe"
    assert second.used_memory_mb is None


def test_a_box_of_eight_keeps_the_order_of_its_cards() -> None:
    reading = xml.read(document(*map(whole, range(8))))
    assert [gpu.index for gpu in reading.gpus] == list(range(8))
    assert len({gpu.uuid for gpu in reading.gpus}) == 8
    assert reading.gpus[7].bus_id == "00000000:90:00.0"


def test_a_lost_card_says_so_and_has_no_values() -> None:
    (gpu,) = xml.read(document(LOST)).gpus
    assert gpu.failure == "GPU is lost"
    assert gpu.memory_total_mb is None
    assert gpu.temperature_celsius is None
    assert 'temperature/gpu_temp reads "Unknown Error"' in gpu.errors


def test_one_value_that_fails_is_no_failure_of_the_card() -> None:
    (gpu,) = xml.read(document(whole().replace("629.45 W", "Unknown Error"))).gpus
    assert gpu.failure is None
    assert gpu.power_draw_watts is None
    assert gpu.errors == ('gpu_power_readings/average_power_draw reads "Unknown Error"',)


@pytest.mark.parametrize(
    "missing",
    [
        "N/A",
        "[N/A]",
        "Not Supported",
        "[Not Supported]",
        "[Insufficient Permissions]",
        "",
        "[Not Available]",
        "Requested functionality has been deprecated",
    ],
)
def test_every_way_of_giving_no_value_is_none(missing: str) -> None:
    gpu = only_card(xml.read(document(whole().replace("97 %", missing).replace("P0", missing))))
    assert gpu.utilization_gpu_percent is None
    assert gpu.pstate is None


@pytest.mark.parametrize("text", ["97 MiB", "197 %", "-7 %", "9:7 %", "97.5.1 %", "٩٧ %", "1e1 %"])
def test_what_is_no_value_of_its_kind_is_none_and_told(text: str) -> None:
    (gpu,) = xml.read(document(whole().replace("97 %", text))).gpus
    assert gpu.utilization_gpu_percent is None
    assert gpu.errors == (f'utilization/gpu_util reads "{text}"',)


def test_a_damaged_first_choice_is_not_replaced_by_the_second() -> None:
    (gpu,) = xml.read(document(whole().replace("629.45 W", "6z9.45 W"))).gpus
    assert gpu.power_draw_watts is None


def test_a_missing_first_choice_is_replaced_by_the_second() -> None:
    gpu = only_card(xml.read(document(whole().replace("629.45 W", "N/A"))))
    assert gpu.power_draw_watts == 588.39


def test_one_reason_that_cannot_be_read_leaves_none_of_them() -> None:
    (gpu,) = xml.read(document(whole().replace(">Active<", ">Actire<", 1))).gpus
    assert gpu.throttle_reasons is None


def test_a_value_that_stands_twice_is_none() -> None:
    twice = whole().replace("<fan_speed>", "<fan_speed>5 %</fan_speed><fan_speed>")
    (gpu,) = xml.read(document(twice)).gpus
    assert gpu.fan_speed_percent is None
    assert gpu.errors


def test_a_text_that_breaks_off_keeps_the_cards_before_the_break() -> None:
    text = document(whole(0), whole(1), whole(2))
    reading = xml.read(text[: text.index("<temperature>", text.index("0002</uuid>"))])
    assert [gpu.uuid for gpu in reading.gpus] == [WHOLE, WHOLE[:-1] + "1"]
    assert [gpu.index for gpu in reading.gpus] == [None, None]
    assert any("breaks off after 2 cards" in one for one in reading.errors)
    assert "3 GPUs are attached, 2 are described" in reading.errors


def test_a_card_that_does_not_answer_is_named_beside_those_that_do() -> None:
    said = "Unable to determine the device handle for GPU0000:2A:00.0: GPU is lost.  Reboot it\n"
    reading = xml.read(said + document(whole()))
    assert reading.lost == ("00000000:2A:00.0",)
    assert reading.errors == (
        "The GPU 00000000:2A:00.0 does not answer (GPU is lost): drain the node and reboot it",
    )
    assert len(reading.gpus) == 1


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("No devices were found", "finds no GPU"),
        ("Failed to initialize NVML: Driver/library version mismatch", "two versions"),
        ("Failed to initialize NVML: Insufficient Permissions", "more rights"),
        ("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.", "log"),
        ("Unable to determine the device handle for GPU1: 0000:34:00.0: Unknown Error", "reboot"),
        ("sh: nvidia-smi: not found", 'says "sh: nvidia-smi: not found"'),
        ("", "printed nothing"),
    ],
)
def test_what_it_says_instead_is_put_in_words(said: str, words: str) -> None:
    reading = xml.read(said)
    assert reading.gpus == ()
    assert words in " ".join(reading.errors)


def test_entities_are_neither_defined_nor_expanded() -> None:
    bomb = '<!DOCTYPE nvidia_smi_log [<!ENTITY a "97"><!ENTITY b "&a;&a;">]>'
    text = document(whole()).replace("97 %", "&b; %")
    first, _, rest = text.partition("\n")
    reading = xml.read(f"{first}\n{bomb}\n{rest.partition(chr(10))[2]}")
    assert reading.gpus == ()
    assert any("defines an entity" in one for one in reading.errors)
    (gpu,) = xml.read(text).gpus
    assert gpu.utilization_gpu_percent is None


def test_a_dtd_is_not_fetched_and_a_long_or_deep_text_is_refused() -> None:
    outside = document(whole()).replace("nvsmi_device_v13.dtd", "http://192.0.2.1/x.dtd")
    assert len(xml.read(outside).gpus) == 1
    assert xml.read("<nvidia_smi_log>" + "x" * xml.CAP).gpus == ()
    deep = "<nvidia_smi_log>" + "<a>" * 40 + "</a>" * 40 + "</nvidia_smi_log>"
    assert any("not nvidia-smi's" in one for one in xml.read(deep).errors)


def test_cards_that_the_name_of_a_process_pretends_are_told() -> None:
    forged = f"x</process_name></process_info></processes></gpu>{A100_SLICED}<gpu id='1'>"
    forged += "<processes><process_info><process_name>y"
    reading = xml.read(document(whole().replace("render", forged)))
    assert "1 GPUs are attached, 3 are described" in reading.errors
    assert [gpu.index for gpu in reading.gpus] == [None, None, None]
