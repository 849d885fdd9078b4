"""Texts in the shapes of `nvidia-smi -q -x`, one per generation of its DTD; the values are ours."""

HEAD = """<?xml version="1.0" ?>
<!DOCTYPE nvidia_smi_log SYSTEM "nvsmi_device_{dtd}.dtd">
<nvidia_smi_log>
\t<timestamp>Tue Nov 24 10:00:00 2026</timestamp>
\t<driver_version>{driver}</driver_version>
\t<cuda_version>{cuda}</cuda_version>
\t<attached_gpus>{count}</attached_gpus>
"""
TAIL = "\n</nvidia_smi_log>\n"

CLOCKS = """\t\t<supported_clocks>
\t\t\t<supported_mem_clock>
\t\t\t\t<value>2619 MHz</value>
\t\t\t\t<supported_graphics_clock>1980 MHz</supported_graphics_clock>
\t\t\t\t<supported_graphics_clock>1965 MHz</supported_graphics_clock>
\t\t\t</supported_mem_clock>
\t\t</supported_clocks>
"""

# A whole card of DTD 13, busy, with two processes.
H100 = """\t<gpu id="00000000:{bus:02X}:00.0">
\t\t<product_name>NVIDIA H100 80GB HBM3</product_name>
\t\t<product_architecture>Hopper</product_architecture>
\t\t<display_mode>Requested functionality has been deprecated</display_mode>
\t\t<addressing_mode>None</addressing_mode>
\t\t<mig_mode>
\t\t\t<current_mig>Disabled</current_mig>
\t\t\t<pending_mig>Disabled</pending_mig>
\t\t</mig_mode>
\t\t<mig_devices>
\t\t\tNone
\t\t</mig_devices>
\t\t<driver_model>
\t\t\t<current_dm>N/A</current_dm>
\t\t\t<pending_dm>N/A</pending_dm>
\t\t</driver_model>
\t\t<serial>1234567890123</serial>
\t\t<uuid>{uuid}</uuid>
\t\t<minor_number>7</minor_number>
\t\t<gpu_virtualization_mode>
\t\t\t<virtualization_mode>Pass-Through</virtualization_mode>
\t\t\t<host_vgpu_mode>N/A</host_vgpu_mode>
\t\t</gpu_virtualization_mode>
\t\t<gpu_recovery_action>None</gpu_recovery_action>
\t\t<pci>
\t\t\t<pci_bus_id>00000000:{bus:02X}:00.0</pci_bus_id>
\t\t\t<pci_gpu_link_info>
\t\t\t\t<pcie_gen>
\t\t\t\t\t<max_link_gen>5</max_link_gen>
\t\t\t\t\t<current_link_gen>4</current_link_gen>
\t\t\t\t\t<max_host_link_gen>N/A</max_host_link_gen>
\t\t\t\t</pcie_gen>
\t\t\t\t<link_widths>
\t\t\t\t\t<max_link_width>16x</max_link_width>
\t\t\t\t\t<current_link_width>8x</current_link_width>
\t\t\t\t</link_widths>
\t\t\t</pci_gpu_link_info>
\t\t\t<replay_counter>9</replay_counter>
\t\t\t<replay_rollover_counter>0</replay_rollover_counter>
\t\t</pci>
\t\t<fan_speed>N/A</fan_speed>
\t\t<performance_state>P0</performance_state>
\t\t<clocks_event_reasons>
\t\t\t<clocks_event_reason_gpu_idle>Not Active</clocks_event_reason_gpu_idle>
\t\t\t<clocks_event_reason_sw_power_cap>Active</clocks_event_reason_sw_power_cap>
\t\t\t<clocks_event_reason_hw_slowdown>Not Active</clocks_event_reason_hw_slowdown>
\t\t\t<clocks_event_reason_hw_thermal_slowdown>Not Active</clocks_event_reason_hw_thermal_slowdown>
\t\t\t<clocks_event_reason_sync_boost>N/A</clocks_event_reason_sync_boost>
\t\t\t<clocks_event_reason_sw_thermal_slowdown>Active</clocks_event_reason_sw_thermal_slowdown>
\t\t</clocks_event_reasons>
\t\t<clocks_event_reasons_counters>
\t\t\t<clocks_event_reasons_counters_sw_power_cap>17 us</clocks_event_reasons_counters_sw_power_cap>
\t\t</clocks_event_reasons_counters>
\t\t<fb_memory_usage>
\t\t\t<total>81559 MiB</total>
\t\t\t<reserved>479 MiB</reserved>
\t\t\t<used>19818 MiB</used>
\t\t\t<free>61262 MiB</free>
\t\t</fb_memory_usage>
\t\t<bar1_memory_usage>
\t\t\t<total>131072 MiB</total>
\t\t\t<used>19819 MiB</used>
\t\t\t<free>111253 MiB</free>
\t\t</bar1_memory_usage>
\t\t<utilization>
\t\t\t<gpu_util>97 %</gpu_util>
\t\t\t<memory_util>11 %</memory_util>
\t\t\t<encoder_util>3 %</encoder_util>
\t\t\t<decoder_util>2 %</decoder_util>
\t\t\t<jpeg_util>1 %</jpeg_util>
\t\t</utilization>
\t\t<ecc_mode>
\t\t\t<current_ecc>Enabled</current_ecc>
\t\t\t<pending_ecc>Disabled</pending_ecc>
\t\t</ecc_mode>
\t\t<ecc_errors>
\t\t\t<volatile>
\t\t\t\t<sram_correctable>21</sram_correctable>
\t\t\t\t<sram_uncorrectable_parity>22</sram_uncorrectable_parity>
\t\t\t\t<sram_uncorrectable_secded>23</sram_uncorrectable_secded>
\t\t\t\t<dram_correctable>24</dram_correctable>
\t\t\t\t<dram_uncorrectable>25</dram_uncorrectable>
\t\t\t</volatile>
\t\t\t<aggregate>
\t\t\t\t<sram_correctable>31</sram_correctable>
\t\t\t\t<sram_uncorrectable_parity>32</sram_uncorrectable_parity>
\t\t\t\t<sram_uncorrectable_secded>33</sram_uncorrectable_secded>
\t\t\t\t<dram_correctable>34</dram_correctable>
\t\t\t\t<dram_uncorrectable>35</dram_uncorrectable>
\t\t\t\t<sram_threshold_exceeded>No</sram_threshold_exceeded>
\t\t\t</aggregate>
\t\t\t<channel_repair_pending>No</channel_repair_pending>
\t\t\t<tpc_repair_pending>Yes</tpc_repair_pending>
\t\t\t<unrepairable_memory>No</unrepairable_memory>
\t\t</ecc_errors>
\t\t<retired_pages>
\t\t\t<multiple_single_bit_retirement>
\t\t\t\t<retired_count>N/A</retired_count>
\t\t\t\t<retired_pagelist>N/A</retired_pagelist>
\t\t\t</multiple_single_bit_retirement>
\t\t\t<double_bit_retirement>
\t\t\t\t<retired_count>N/A</retired_count>
\t\t\t\t<retired_pagelist>N/A</retired_pagelist>
\t\t\t</double_bit_retirement>
\t\t\t<pending_blacklist>N/A</pending_blacklist>
\t\t\t<pending_retirement>N/A</pending_retirement>
\t\t</retired_pages>
\t\t<remapped_rows>
\t\t\t<remapped_row_corr>4</remapped_row_corr>
\t\t\t<remapped_row_unc>5</remapped_row_unc>
\t\t\t<remapped_row_pending>Yes</remapped_row_pending>
\t\t\t<remapped_row_failure>No</remapped_row_failure>
\t\t\t<row_remapper_histogram>
\t\t\t\t<row_remapper_histogram_max>2560 bank(s)</row_remapper_histogram_max>
\t\t\t</row_remapper_histogram>
\t\t</remapped_rows>
\t\t<temperature>
\t\t\t<gpu_temp>59 C</gpu_temp>
\t\t\t<gpu_temp_tlimit>26 C</gpu_temp_tlimit>
\t\t\t<gpu_temp_max_tlimit_threshold>-8 C</gpu_temp_max_tlimit_threshold>
\t\t\t<gpu_temp_slow_tlimit_threshold>-2 C</gpu_temp_slow_tlimit_threshold>
\t\t\t<gpu_temp_max_gpu_tlimit_threshold>0 C</gpu_temp_max_gpu_tlimit_threshold>
\t\t\t<gpu_target_temperature>N/A</gpu_target_temperature>
\t\t\t<memory_temp>55 C</memory_temp>
\t\t\t<gpu_temp_max_mem_tlimit_threshold>0 C</gpu_temp_max_mem_tlimit_threshold>
\t\t</temperature>
\t\t<gpu_power_readings>
\t\t\t<power_state>Requested functionality has been deprecated</power_state>
\t\t\t<average_power_draw>629.45 W</average_power_draw>
\t\t\t<instant_power_draw>588.39 W</instant_power_draw>
\t\t\t<current_power_limit>650.00 W</current_power_limit>
\t\t\t<requested_power_limit>660.00 W</requested_power_limit>
\t\t\t<default_power_limit>700.00 W</default_power_limit>
\t\t\t<min_power_limit>200.00 W</min_power_limit>
\t\t\t<max_power_limit>705.00 W</max_power_limit>
\t\t</gpu_power_readings>
\t\t<gpu_memory_power_readings>
\t\t\t<average_power_draw>85.83 W</average_power_draw>
\t\t</gpu_memory_power_readings>
\t\t<module_power_readings>
\t\t\t<average_power_draw>1234.00 W</average_power_draw>
\t\t\t<current_power_limit>1400.00 W</current_power_limit>
\t\t</module_power_readings>
\t\t<clocks>
\t\t\t<graphics_clock>1911 MHz</graphics_clock>
\t\t\t<sm_clock>1912 MHz</sm_clock>
\t\t\t<mem_clock>2613 MHz</mem_clock>
\t\t\t<video_clock>1545 MHz</video_clock>
\t\t</clocks>
\t\t<max_clocks>
\t\t\t<graphics_clock>1979 MHz</graphics_clock>
\t\t\t<sm_clock>1980 MHz</sm_clock>
\t\t\t<mem_clock>2619 MHz</mem_clock>
\t\t</max_clocks>
\t\t<fabric>
\t\t\t<state>Completed</state>
\t\t\t<status>Success</status>
\t\t\t<health>
\t\t\t\t<summary>N/A</summary>
\t\t\t</health>
\t\t</fabric>
"""
H100_END = """\t\t<processes>
\t\t\t<process_info>
\t\t\t\t<gpu_instance_id>N/A</gpu_instance_id>
\t\t\t\t<compute_instance_id>N/A</compute_instance_id>
\t\t\t\t<pid>11327</pid>
\t\t\t\t<type>C</type>
\t\t\t\t<process_name>/opt/vllm/bin/python3 -m serve &amp; log</process_name>
\t\t\t\t<used_memory>17252 MiB</used_memory>
\t\t\t</process_info>
\t\t\t<process_info>
\t\t\t\t<gpu_instance_id>N/A</gpu_instance_id>
\t\t\t\t<compute_instance_id>N/A</compute_instance_id>
\t\t\t\t<pid>11328</pid>
\t\t\t\t<type>C+G</type>
\t\t\t\t<process_name>render</process_name>
\t\t\t\t<used_memory>2566 MiB</used_memory>
\t\t\t</process_info>
\t\t</processes>
\t\t<accounted_processes>
\t\t</accounted_processes>
\t</gpu>
"""

# A card of DTD 12 in slices: it has no use and no fan of its own, and two slices.
A100_SLICED = """\t<gpu id="00000000:01:00.0">
\t\t<product_name>NVIDIA A100-SXM4-80GB</product_name>
\t\t<mig_mode>
\t\t\t<current_mig>Enabled</current_mig>
\t\t\t<pending_mig>Enabled</pending_mig>
\t\t</mig_mode>
\t\t<mig_devices>
\t\t\t<mig_device>
\t\t\t\t<index>0</index>
\t\t\t\t<gpu_instance_id>2</gpu_instance_id>
\t\t\t\t<compute_instance_id>0</compute_instance_id>
\t\t\t\t<device_attributes>
\t\t\t\t\t<shared>
\t\t\t\t\t\t<multiprocessor_count>42</multiprocessor_count>
\t\t\t\t\t\t<copy_engine_count>3</copy_engine_count>
\t\t\t\t\t</shared>
\t\t\t\t</device_attributes>
\t\t\t\t<ecc_error_count>
\t\t\t\t\t<volatile_count>
\t\t\t\t\t\t<sram_uncorrectable>1</sram_uncorrectable>
\t\t\t\t\t</volatile_count>
\t\t\t\t</ecc_error_count>
\t\t\t\t<fb_memory_usage>
\t\t\t\t\t<total>40192 MiB</total>
\t\t\t\t\t<reserved>3 MiB</reserved>
\t\t\t\t\t<used>11000 MiB</used>
\t\t\t\t\t<free>29189 MiB</free>
\t\t\t\t</fb_memory_usage>
\t\t\t\t<bar1_memory_usage>
\t\t\t\t\t<total>65535 MiB</total>
\t\t\t\t</bar1_memory_usage>
\t\t\t</mig_device>
\t\t\t<mig_device>
\t\t\t\t<index>1</index>
\t\t\t\t<gpu_instance_id>9</gpu_instance_id>
\t\t\t\t<compute_instance_id>0</compute_instance_id>
\t\t\t\t<device_attributes>
\t\t\t\t\t<shared>
\t\t\t\t\t\t<multiprocessor_count>14</multiprocessor_count>
\t\t\t\t\t</shared>
\t\t\t\t</device_attributes>
\t\t\t\t<ecc_error_count>
\t\t\t\t\t<volatile_count>
\t\t\t\t\t\t<sram_uncorrectable>0</sram_uncorrectable>
\t\t\t\t\t</volatile_count>
\t\t\t\t</ecc_error_count>
\t\t\t\t<fb_memory_usage>
\t\t\t\t\t<total>9728 MiB</total>
\t\t\t\t\t<reserved>0 MiB</reserved>
\t\t\t\t\t<used>13 MiB</used>
\t\t\t\t\t<free>9715 MiB</free>
\t\t\t\t</fb_memory_usage>
\t\t\t</mig_device>
\t\t</mig_devices>
\t\t<uuid>GPU-aaaaaaaa-0000-4000-8000-000000000001</uuid>
\t\t<gpu_reset_status>
\t\t\t<reset_required>No</reset_required>
\t\t\t<drain_and_reset_recommended>Yes</drain_and_reset_recommended>
\t\t</gpu_reset_status>
\t\t<pci>
\t\t\t<pci_bus_id>00000000:01:00.0</pci_bus_id>
\t\t</pci>
\t\t<fan_speed>N/A</fan_speed>
\t\t<clocks_event_reasons>
\t\t\t<clocks_event_reason_gpu_idle>Active</clocks_event_reason_gpu_idle>
\t\t\t<clocks_event_reason_hw_slowdown>Not Active</clocks_event_reason_hw_slowdown>
\t\t</clocks_event_reasons>
\t\t<fb_memory_usage>
\t\t\t<total>81920 MiB</total>
\t\t\t<reserved>869 MiB</reserved>
\t\t\t<used>11013 MiB</used>
\t\t\t<free>70038 MiB</free>
\t\t</fb_memory_usage>
\t\t<utilization>
\t\t\t<gpu_util>N/A</gpu_util>
\t\t\t<memory_util>N/A</memory_util>
\t\t</utilization>
\t\t<ecc_errors>
\t\t\t<volatile>
\t\t\t\t<sram_correctable>1</sram_correctable>
\t\t\t\t<sram_uncorrectable>2</sram_uncorrectable>
\t\t\t\t<dram_correctable>3</dram_correctable>
\t\t\t\t<dram_uncorrectable>4</dram_uncorrectable>
\t\t\t</volatile>
\t\t</ecc_errors>
\t\t<remapped_rows>N/A</remapped_rows>
\t\t<temperature>
\t\t\t<gpu_temp>27 C</gpu_temp>
\t\t\t<gpu_temp_tlimit>N/A</gpu_temp_tlimit>
\t\t\t<gpu_temp_max_threshold>92 C</gpu_temp_max_threshold>
\t\t\t<gpu_temp_slow_threshold>89 C</gpu_temp_slow_threshold>
\t\t\t<gpu_temp_max_gpu_threshold>85 C</gpu_temp_max_gpu_threshold>
\t\t\t<memory_temp>44 C</memory_temp>
\t\t\t<gpu_temp_max_mem_threshold>95 C</gpu_temp_max_mem_threshold>
\t\t</temperature>
\t\t<gpu_power_readings>
\t\t\t<power_draw>67.03 W</power_draw>
\t\t\t<current_power_limit>500.00 W</current_power_limit>
\t\t</gpu_power_readings>
\t\t<processes>
\t\t\t<process_info>
\t\t\t\t<gpu_instance_id>2</gpu_instance_id>
\t\t\t\t<compute_instance_id>0</compute_instance_id>
\t\t\t\t<pid>21180</pid>
\t\t\t\t<type>M+C</type>
\t\t\t\t<process_name>train</process_name>
\t\t\t\t<used_memory>10987 MiB</used_memory>
\t\t\t</process_info>
\t\t</processes>
\t</gpu>
"""


def whole(number: int = 0) -> str:
    """Return the element of one H100; each has a UUID and an address of its own."""
    uuid = f"GPU-bbbbbbbb-0000-4000-8000-{number:012d}"
    return H100.format(bus=0x19 + 0x11 * number, uuid=uuid) + CLOCKS + H100_END


def document(*gpus: str, dtd: str = "v13", driver: str = "590.48.01", cuda: str = "13.1") -> str:
    return HEAD.format(dtd=dtd, driver=driver, cuda=cuda, count=len(gpus)) + "".join(gpus) + TAIL
