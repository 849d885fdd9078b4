"""The elements of nvidia-smi's XML for an H100 of driver 570, a line each; @...@ is a value."""

_IDENTITY = """
product_name @name@
product_brand NVIDIA
product_architecture Hopper
display_mode Enabled
display_active Disabled
persistence_mode Enabled
addressing_mode None
mig_mode
  current_mig @mig.mode.current@
  pending_mig @mig.mode.pending@
mig_devices
accounting_mode Disabled
accounting_mode_buffer_size 4000
driver_model
  current_dm N/A
  pending_dm N/A
serial 165062200@minor@
uuid @uuid@
minor_number @minor@
vbios_version 96.00.99.00.01
multigpu_board No
board_id 0x@bus@00
board_part_number 692-2G520-0200-000
gpu_part_number 2330-885-A1
gpu_fru_part_number N/A
gpu_module_id @minor@
inforom_version
  img_version G520.0200.00.05
  oem_object 2.1
  ecc_object 7.16
  pwr_object N/A
gpu_operation_mode
  current_gom N/A
  pending_gom N/A
c2c_mode Disabled
gpu_virtualization_mode
  virtualization_mode None
  host_vgpu_mode N/A
gpu_reset_status
  reset_required No
  drain_and_reset_recommended No
gpu_recovery_action @gpu_recovery_action@
gsp_firmware_version 570.195.03
pci
  pci_bus @bus@
  pci_device 00
  pci_domain 0000
  pci_device_id 233010DE
  pci_bus_id @pci.bus_id@
  pci_sub_system_id 16C110DE
  pci_gpu_link_info
    pcie_gen
      max_link_gen @pcie.link.gen.max@
      current_link_gen @pcie.link.gen.gpucurrent@
      device_current_link_gen 5
      max_device_link_gen 5
      max_host_link_gen 5
    link_widths
      max_link_width @pcie.link.width.max@x
      current_link_width @pcie.link.width.current@x
  pci_bridge_chip
    bridge_chip_type N/A
    bridge_chip_fw N/A
  replay_counter @pcie.replays@
  replay_rollover_counter 0
  tx_util 410 KB/s
  rx_util 395 KB/s
"""
_STATE = """
fan_speed @fan.speed@
performance_state @pstate@
clocks_event_reasons
  clocks_event_reason_gpu_idle @clocks_event_reasons.gpu_idle@
  clocks_event_reason_applications_clocks_setting @clocks_event_reasons.applications_clocks_setting@
  clocks_event_reason_sw_power_cap @clocks_event_reasons.sw_power_cap@
  clocks_event_reason_hw_slowdown @clocks_event_reasons.hw_slowdown@
  clocks_event_reason_hw_thermal_slowdown @clocks_event_reasons.hw_thermal_slowdown@
  clocks_event_reason_hw_power_brake_slowdown @clocks_event_reasons.hw_power_brake_slowdown@
  clocks_event_reason_sync_boost @clocks_event_reasons.sync_boost@
  clocks_event_reason_sw_thermal_slowdown @clocks_event_reasons.sw_thermal_slowdown@
  clocks_event_reason_display_clocks_setting @clocks_event_reasons.display_clocks_setting@
sparse_operation_mode N/A
fb_memory_usage
  total @memory.total@
  reserved @memory.reserved@
  used @memory.used@
  free @memory.free@
bar1_memory_usage
  total 131072 MiB
  used 1 MiB
  free 131071 MiB
cc_protected_memory_usage
  total 0 MiB
  used 0 MiB
  free 0 MiB
compute_mode Default
utilization
  gpu_util @utilization.gpu@
  memory_util @utilization.memory@
  encoder_util @utilization.encoder@
  decoder_util @utilization.decoder@
  jpeg_util N/A
  ofa_util N/A
encoder_stats
  session_count 0
  average_fps 0
  average_latency 0
ecc_mode
  current_ecc @ecc.mode.current@
  pending_ecc Enabled
ecc_errors
  volatile
    sram_correctable @ecc.errors.corrected.volatile.sram@
    sram_uncorrectable_parity 0
    sram_uncorrectable_secded 0
    dram_correctable @ecc.errors.corrected.volatile.dram@
    dram_uncorrectable @ecc.errors.uncorrected.volatile.dram@
  aggregate
    sram_correctable @ecc.errors.corrected.aggregate.sram@
    sram_uncorrectable_parity 0
    sram_uncorrectable_secded 0
    dram_correctable @ecc.errors.corrected.aggregate.dram@
    dram_uncorrectable @ecc.errors.uncorrected.aggregate.dram@
    sram_threshold_exceeded @ecc.errors.uncorrected.aggregate.sram.thresholdExceeded@
retired_pages
  multiple_single_bit_retirement
    retired_count N/A
    retired_pagelist N/A
  double_bit_retirement
    retired_count N/A
    retired_pagelist N/A
  pending_blacklist N/A
  pending_retirement N/A
remapped_rows
  remapped_row_corr @remapped_rows.correctable@
  remapped_row_unc @remapped_rows.uncorrectable@
  remapped_row_pending @remapped_rows.pending@
  remapped_row_failure @remapped_rows.failure@
  row_remapper_histogram
    row_remapper_histogram_max 2560 bank(s)
    row_remapper_histogram_high 0 bank(s)
    row_remapper_histogram_partial 0 bank(s)
    row_remapper_histogram_low 0 bank(s)
    row_remapper_histogram_none 0 bank(s)
"""
_LIMITS = """
temperature
  gpu_temp @temperature.gpu@
  gpu_temp_tlimit @temperature.gpu.tlimit@
  gpu_temp_max_tlimit_threshold -8 C
  gpu_temp_slow_tlimit_threshold -2 C
  gpu_temp_max_gpu_tlimit_threshold 0 C
  gpu_target_temperature N/A
  memory_temp @temperature.memory@
  gpu_temp_max_mem_tlimit_threshold 0 C
supported_gpu_target_temp
  gpu_target_temp_min N/A
  gpu_target_temp_max N/A
gpu_power_readings
  power_state @pstate@
  average_power_draw @power.draw@
  instant_power_draw @power.draw@
  current_power_limit @enforced.power.limit@
  requested_power_limit @enforced.power.limit@
  default_power_limit @power.default_limit@
  min_power_limit 200.00 W
  max_power_limit @power.max_limit@
gpu_memory_power_readings
  average_power_draw N/A
  instant_power_draw N/A
module_power_readings
  power_state @pstate@
  power_draw N/A
  current_power_limit N/A
  requested_power_limit N/A
  default_power_limit N/A
  min_power_limit N/A
  max_power_limit N/A
clocks
  graphics_clock @clocks.current.sm@
  sm_clock @clocks.current.sm@
  mem_clock @clocks.current.memory@
  video_clock 1545 MHz
applications_clocks
  graphics_clock 1980 MHz
  mem_clock 2619 MHz
max_clocks
  graphics_clock @clocks.max.sm@
  sm_clock @clocks.max.sm@
  mem_clock @clocks.max.memory@
  video_clock 1545 MHz
clock_policy
  auto_boost N/A
  auto_boost_default N/A
fabric
  state @fabric.state@
  status @fabric.status@
supported_clocks
processes
accounted_processes
"""
CARD = _IDENTITY + _STATE.lstrip("\n") + _LIMITS.lstrip("\n")

SLICE = """
index @index@
gpu_instance_id @instance@
compute_instance_id 0
device_attributes
  shared
    multiprocessor_count @processors@
    copy_engine_count 1
    encoder_count 0
    decoder_count 1
    ofa_count 0
    jpg_count 1
ecc_error_count
  volatile_count
    sram_uncorrectable 0
fb_memory_usage
  total @memory.total@
  reserved @memory.reserved@
  used @memory.used@
  free @memory.free@
bar1_memory_usage
  total 16383 MiB
  used 0 MiB
  free 16383 MiB
"""
PROCESS = """
gpu_instance_id @instance@
compute_instance_id @compute@
pid @pid@
type C
process_name @name@
used_memory @memory@
"""
