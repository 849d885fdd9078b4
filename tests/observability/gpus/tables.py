"""Texts in the shapes of nvidia-smi's CSV and list; the values are ours."""

# Each column with the texts of a whole card, of a card in slices, and of one of Windows.
COLUMNS = {
    "timestamp": ("2026/11/24 10:00:00.579",) * 3,
    "driver_version": ("590.48.01",) * 3,
    "count": ("3",) * 3,
    "name": ("NVIDIA H100 80GB HBM3", "NVIDIA A100-SXM4-80GB", "NVIDIA RTX A4000"),
    "serial": ("1234567890123", "1234567890124", "[N/A]"),
    "pci.bus_id": ("00000000:19:00.0", "00000000:01:00.0", "00000000:0B:00.0"),
    "index": ("0", "1", "2"),
    "display_mode": ("[Requested functionality has been deprecated]",) * 3,
    "driver_model.current": ("[N/A]", "[N/A]", "WDDM"),
    "gpu_recovery_action": ("None", "Drain and Reset", "[N/A]"),
    "fan.speed [%]": ("[N/A]", "[N/A]", "38 %"),
    "pstate": ("P0", "P0", "P8"),
    "clocks_event_reasons.active": (
        "0x0000000000000024",
        "0x0000000000000001",
        "0x0000000000000001",
    ),
    "clocks_event_reasons.gpu_idle": ("Not Active", "Active", "Active"),
    "clocks_event_reasons.sw_power_cap": ("Active", "Not Active", "Not Active"),
    "clocks_event_reasons.sw_thermal_slowdown": ("Active", "Not Active", "[N/A]"),
    "clocks_event_reasons_counters.sw_power_cap [us]": ("204642816 us", "0 us", "[N/A]"),
    "memory.total [MiB]": ("81559 MiB", "81920 MiB", "16376 MiB"),
    "memory.reserved [MiB]": ("479 MiB", "869 MiB", "434 MiB"),
    "memory.used [MiB]": ("19818 MiB", "11013 MiB", "575 MiB"),
    "memory.free [MiB]": ("61262 MiB", "70038 MiB", "15367 MiB"),
    "compute_mode": ("Default",) * 3,
    "utilization.gpu [%]": ("97 %", "[N/A]", "7 %"),
    "utilization.memory [%]": ("11 %", "[N/A]", "2 %"),
    "ecc.mode.current": ("Enabled", "Enabled", "[N/A]"),
    "ecc.errors.corrected.volatile.dram": ("24", "3", "[N/A]"),
    "ecc.errors.corrected.volatile.sram": ("21", "1", "[N/A]"),
    "ecc.errors.corrected.volatile.total": ("45", "4", "[N/A]"),
    "ecc.errors.uncorrected.volatile.total": ("70", "6", "[N/A]"),
    "ecc.errors.uncorrected.aggregate.sram.thresholdExceeded": ("No", "No", "[N/A]"),
    "remapped_rows.correctable": ("4", "[N/A]", "[N/A]"),
    "remapped_rows.uncorrectable": ("5", "[N/A]", "[N/A]"),
    "remapped_rows.pending": ("Yes", "[N/A]", "[N/A]"),
    "remapped_rows.failure": ("No", "[N/A]", "[N/A]"),
    "temperature.gpu": ("59", "27", "46"),
    "temperature.gpu.tlimit": ("26", "[N/A]", "[N/A]"),
    "temperature.memory": ("55", "44", "N/A"),
    "power.draw [W]": ("629.45 W", "67.03 W", "[Insufficient Permissions]"),
    "power.draw.instant [W]": ("588.39 W", "70.00 W", "[Unknown Error]"),
    "enforced.power.limit [W]": ("650.00 W", "500.00 W", "140.00 W"),
    "power.default_limit [W]": ("700.00 W", "500.00 W", "140.00 W"),
    "power.max_limit [W]": ("705.00 W", "500.00 W", "140.00 W"),
    "clocks.current.sm [MHz]": ("1912 MHz", "1275 MHz", "210 MHz"),
    "clocks.current.memory [MHz]": ("2613 MHz", "1593 MHz", "405 MHz"),
    "clocks.current.video [MHz]": ("1545 MHz", "1275 MHz", "555 MHz"),
    "clocks.max.sm [MHz]": ("1980 MHz", "1410 MHz", "2100 MHz"),
    "mig.mode.current": ("Disabled", "Enabled", "[N/A]"),
    "platform.chassis_serial_number": ("",) * 3,
    "fabric.state": ("Completed", "N/A", "N/A"),
    "uuid": (
        "GPU-bbbbbbbb-0000-4000-8000-000000000000",
        "GPU-aaaaaaaa-0000-4000-8000-000000000001",
        "GPU-dddddddd-0000-4000-8000-000000000002",
    ),
}
CSV = (
    "\n".join(", ".join(row) for row in (tuple(COLUMNS), *zip(*COLUMNS.values(), strict=True)))
    + "\n"
)

LIST = """GPU 0: NVIDIA H100 80GB HBM3 (UUID: GPU-bbbbbbbb-0000-4000-8000-000000000000)
GPU 1: NVIDIA A100-SXM4-80GB (UUID: GPU-aaaaaaaa-0000-4000-8000-000000000001)
  MIG 3g.40gb     Device  0: (UUID: MIG-11111111-0000-4000-8000-000000000001)
  MIG 1c.1g.10gb+me Device  1: (UUID: MIG-22222222-0000-4000-8000-000000000002)
"""

PROCESSES = """pid, used_gpu_memory [MiB], process_name, gpu_uuid
11327, 17252 MiB, python3 -c print(1, 2), GPU-bbbbbbbb-0000-4000-8000-000000000000
21180, 10987 MiB, /usr/bin/train, GPU-aaaaaaaa-0000-4000-8000-000000000001
77, [N/A], [Not Found], GPU-dddddddd-0000-4000-8000-000000000002
"""
