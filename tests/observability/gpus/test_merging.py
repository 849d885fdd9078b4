"""Two readings of a node become one, and where both say the same thing they agree."""

from dataclasses import replace

from apps.observability.gpus import merging
from apps.observability.gpus.reading import (
    DCGM,
    NVIDIA_SMI,
    EccCounts,
    Gpu,
    Holder,
    MigInstance,
    NodeReading,
)
from apps.observability.sources import dcgm
from apps.observability.sources.nvidia_smi import document as xml
from tests.observability.gpus.documents import document, whole
from tests.observability.gpus.test_dcgm import CARD, samples

UUID = "GPU-bbbbbbbb-0000-4000-8000-000000000000"


def merged(smi: Gpu, from_dcgm: Gpu) -> Gpu:
    ours = NodeReading(NVIDIA_SMI, (replace(smi, uuid=UUID),), cuda_version="13.1")
    theirs = NodeReading(DCGM, (replace(from_dcgm, uuid=UUID),), node_name="gpu-1")
    reading = merging.merge(ours, theirs)
    assert (reading.source, reading.node_name, reading.cuda_version) == (DCGM, "gpu-1", "13.1")
    (gpu,) = reading.gpus
    return gpu


def test_what_moves_is_dcgms_and_what_is_told_is_nvidia_smis() -> None:
    gpu = merged(
        Gpu(name="H100", power_draw_watts=600.0, power_limit_watts=650.0, throttle_reasons=()),
        Gpu(
            name="NVIDIA H100",
            power_draw_watts=610.0,
            power_limit_watts=700.0,
            throttle_reasons=("gpu_idle",),
            xid_errors=(79,),
            energy_joules=5.0,
            holders=(Holder("ml", "a"),),
        ),
    )
    assert (gpu.name, gpu.power_draw_watts, gpu.power_limit_watts) == ("H100", 610.0, 650.0)
    assert (gpu.throttle_reasons, gpu.xid_errors, gpu.energy_joules) == ((), (79,), 5.0)
    assert gpu.holders == (Holder("ml", "a"),)


def test_a_guess_stands_beside_no_word_of_the_exporters() -> None:
    guessed, seen = Holder("ml", "a", certain=False), Holder("ml", "b")
    parts = (MigInstance(1, holders=(guessed,)), MigInstance(2, holders=(seen,)))
    gpu = merged(
        Gpu(holders=(guessed, seen), mig_instances=parts),
        Gpu(mig_instances=(MigInstance(1), MigInstance(2))),
    )
    assert gpu.holders == (seen,)
    assert [one.holders for one in gpu.mig_instances or ()] == [(), (seen,)]


def test_where_one_says_nothing_the_others_word_stands() -> None:
    gpu = merged(
        Gpu(temperature_celsius=60, ecc_volatile=EccCounts(sram_uncorrected=1)),
        Gpu(slowdown_celsius=87, ecc_volatile=EccCounts(uncorrected=3)),
    )
    assert (gpu.temperature_celsius, gpu.slowdown_celsius) == (60, 87)
    assert gpu.ecc_volatile == EccCounts(uncorrected=3, sram_uncorrected=1)


def test_used_and_free_memory_are_of_one_moment() -> None:
    gpu = merged(Gpu(memory_used_mb=10, memory_free_mb=90), Gpu(memory_used_mb=30))
    assert (gpu.memory_used_mb, gpu.memory_free_mb) == (10, 90)
    gpu = merged(
        Gpu(memory_used_mb=10, memory_free_mb=90), Gpu(memory_used_mb=30, memory_free_mb=70)
    )
    assert (gpu.memory_used_mb, gpu.memory_free_mb) == (30, 70)


def test_slices_meet_by_the_number_of_their_gpu_instance() -> None:
    gpu = merged(
        Gpu(mig_instances=(MigInstance(2, 0, 0, memory_total_mb=40192), MigInstance(9, 0, 1))),
        Gpu(mig_instances=(MigInstance(9, utilization_gpu_percent=25.0, profile="1g.10gb"),)),
    )
    first, second = gpu.mig_instances or ()
    assert first == MigInstance(2, 0, 0, memory_total_mb=40192)
    assert (second.index, second.profile, second.utilization_gpu_percent) == (1, "1g.10gb", 25.0)


def test_the_activity_of_a_gpu_instance_is_not_given_to_each_of_its_compute_instances() -> None:
    gpu = merged(
        Gpu(mig_instances=(MigInstance(2, 0, 0), MigInstance(2, 1, 1))),
        Gpu(mig_instances=(MigInstance(2, utilization_gpu_percent=80.0),)),
    )
    assert [one.utilization_gpu_percent for one in gpu.mig_instances or ()] == [None, None]


def test_a_card_that_only_one_names_is_kept_and_a_lost_one_says_so() -> None:
    smi = NodeReading(NVIDIA_SMI, (Gpu(uuid="GPU-1"),), lost=("00000000:3B:00.0",))
    seen = NodeReading(DCGM, (Gpu(uuid="GPU-2", bus_id="00000000:3B:00.0"),))
    one, two = merging.merge(smi, seen).gpus
    assert (one.uuid, one.failure) == ("GPU-1", None)
    assert (two.uuid, two.failure) == ("GPU-2", "nvidia-smi cannot reach the card")


def test_both_sources_agree_on_every_field_that_they_share() -> None:
    (smi,) = xml.read(document(whole())).gpus
    labels = {**CARD, "gpu": "0", "UUID": UUID, "pci_bus_id": "0000:19:00.0"}
    values = {
        "GPU_UTIL": 97.0,
        "MEM_COPY_UTIL": 11.0,
        "ENC_UTIL": 3.0,
        "DEC_UTIL": 2.0,
        "GPU_TEMP": 59.0,
        "MEMORY_TEMP": 55.0,
        "POWER_USAGE": 629.45,
        "ENFORCED_POWER_LIMIT": 650.0,
        "POWER_MGMT_LIMIT": 660.0,
        "POWER_MGMT_LIMIT_DEF": 700.0,
        "POWER_MGMT_LIMIT_MAX": 705.0,
        "PSTATE": 0.0,
        "SM_CLOCK": 1912.0,
        "MEM_CLOCK": 2613.0,
        "MAX_SM_CLOCK": 1980.0,
        "MAX_MEM_CLOCK": 2619.0,
        "FB_TOTAL": 81559.0,
        "FB_USED": 19818.0,
        "FB_FREE": 61262.0,
        "FB_RESERVED": 479.0,
        "CLOCKS_EVENT_REASONS": 36.0,
        "ECC_SBE_VOL_TOTAL": 45.0,
        "ECC_DBE_VOL_TOTAL": 70.0,
        "ECC_SBE_AGG_TOTAL": 65.0,
        "ECC_DBE_AGG_TOTAL": 100.0,
        "CORRECTABLE_REMAPPED_ROWS": 4.0,
        "UNCORRECTABLE_REMAPPED_ROWS": 5.0,
        "ROW_REMAP_PENDING": 1.0,
        "ROW_REMAP_FAILURE": 0.0,
        "PCIE_REPLAY_COUNTER": 9.0,
        "MIG_MODE": 0.0,
    }
    ((theirs,),) = (one.gpus for one in dcgm.read(samples(values, **labels)))
    for name in Gpu.__slots__:
        ours, other = getattr(smi, name), getattr(theirs, name)
        if isinstance(other, EccCounts):
            assert (ours.corrected, ours.uncorrected) == (other.corrected, other.uncorrected)
        elif other is not None and other != ():
            assert ours == other, name
