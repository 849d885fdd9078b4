"""Texts in the shapes of older DTDs, of Windows, and of cards that fail; the values are ours."""

# DTD 9 and 10: no MIG, errors counted by bits, power and clock reasons by their older names.
P100 = """\t<gpu id="00000000:04:00.0">
\t\t<product_name>Tesla P100-PCIE-16GB</product_name>
\t\t<driver_model>
\t\t\t<current_dm>N/A</current_dm>
\t\t</driver_model>
\t\t<uuid>GPU-cccccccc-0000-4000-8000-000000000001</uuid>
\t\t<fan_speed>N/A</fan_speed>
\t\t<performance_state>P0</performance_state>
\t\t<clocks_throttle_reasons>
\t\t\t<clocks_throttle_reason_gpu_idle>Not Active</clocks_throttle_reason_gpu_idle>
\t\t\t<clocks_throttle_reason_hw_slowdown>Active</clocks_throttle_reason_hw_slowdown>
\t\t\t<clocks_throttle_reason_hw_power_brake_slowdown>Active</clocks_throttle_reason_hw_power_brake_slowdown>
\t\t</clocks_throttle_reasons>
\t\t<fb_memory_usage>
\t\t\t<total>16280 MiB</total>
\t\t\t<used>10 MiB</used>
\t\t\t<free>16270 MiB</free>
\t\t</fb_memory_usage>
\t\t<utilization>
\t\t\t<gpu_util>40 %</gpu_util>
\t\t\t<memory_util>4 %</memory_util>
\t\t</utilization>
\t\t<ecc_errors>
\t\t\t<volatile>
\t\t\t\t<single_bit>
\t\t\t\t\t<device_memory>7</device_memory>
\t\t\t\t\t<cbu>N/A</cbu>
\t\t\t\t\t<total>8</total>
\t\t\t\t</single_bit>
\t\t\t\t<double_bit>
\t\t\t\t\t<device_memory>0</device_memory>
\t\t\t\t\t<total>1</total>
\t\t\t\t</double_bit>
\t\t\t</volatile>
\t\t</ecc_errors>
\t\t<retired_pages>
\t\t\t<multiple_single_bit_retirement>
\t\t\t\t<retired_count>2</retired_count>
\t\t\t\t<retired_pagelist>
\t\t\t\t\t<retired_page_address>0x0000000000012345</retired_page_address>
\t\t\t\t</retired_pagelist>
\t\t\t</multiple_single_bit_retirement>
\t\t\t<double_bit_retirement>
\t\t\t\t<retired_count>1</retired_count>
\t\t\t</double_bit_retirement>
\t\t\t<pending_retirement>Yes</pending_retirement>
\t\t</retired_pages>
\t\t<temperature>
\t\t\t<gpu_temp>81 C</gpu_temp>
\t\t\t<gpu_temp_max_threshold>85 C</gpu_temp_max_threshold>
\t\t\t<gpu_temp_slow_threshold>82 C</gpu_temp_slow_threshold>
\t\t\t<gpu_temp_max_gpu_threshold>N/A</gpu_temp_max_gpu_threshold>
\t\t</temperature>
\t\t<power_readings>
\t\t\t<power_state>P0</power_state>
\t\t\t<power_management>Supported</power_management>
\t\t\t<power_draw>180.11 W</power_draw>
\t\t\t<power_limit>240.00 W</power_limit>
\t\t\t<default_power_limit>250.00 W</default_power_limit>
\t\t\t<enforced_power_limit>230.00 W</enforced_power_limit>
\t\t\t<max_power_limit>255.00 W</max_power_limit>
\t\t</power_readings>
\t\t<processes>
\t\t</processes>
\t</gpu>
"""

# DTD 11: a virtual GPU under Windows, where the system and not the driver manages memory.
VIRTUAL = """\t<gpu id="00000000:00:0B.0">
\t\t<product_name>GRID A16-4Q</product_name>
\t\t<mig_mode>
\t\t\t<current_mig>N/A</current_mig>
\t\t\t<pending_mig>N/A</pending_mig>
\t\t</mig_mode>
\t\t<mig_devices>
\t\t\tNone
\t\t</mig_devices>
\t\t<driver_model>
\t\t\t<current_dm>WDDM</current_dm>
\t\t\t<pending_dm>WDDM</pending_dm>
\t\t</driver_model>
\t\t<uuid>GPU-dddddddd-0000-4000-8000-000000000001</uuid>
\t\t<minor_number>N/A</minor_number>
\t\t<gpu_virtualization_mode>
\t\t\t<virtualization_mode>VGPU</virtualization_mode>
\t\t</gpu_virtualization_mode>
\t\t<vgpu_software_licensed_product>
\t\t\t<license_status>Licensed (Expiry: 2026-9-22 6:57:30 GMT)</license_status>
\t\t</vgpu_software_licensed_product>
\t\t<clocks_throttle_reasons>N/A</clocks_throttle_reasons>
\t\t<fb_memory_usage>
\t\t\t<total>4096 MiB</total>
\t\t\t<used>807 MiB</used>
\t\t\t<free>3289 MiB</free>
\t\t</fb_memory_usage>
\t\t<ecc_errors>
\t\t\t<volatile>
\t\t\t\t<single_bit>
\t\t\t\t\t<total>N/A</total>
\t\t\t\t</single_bit>
\t\t\t</volatile>
\t\t</ecc_errors>
\t\t<power_readings>
\t\t\t<power_draw>[Insufficient Permissions]</power_draw>
\t\t\t<enforced_power_limit>N/A</enforced_power_limit>
\t\t</power_readings>
\t\t<supported_clocks>N/A</supported_clocks>
\t\t<processes>
\t\t\t<process_info>
\t\t\t\t<pid>1188</pid>
\t\t\t\t<type>C+G</type>
\t\t\t\t<process_name></process_name>
\t\t\t\t<used_memory>N/A</used_memory>
\t\t\t</process_info>
\t\t\t<process_info>
\t\t\t\t<pid>15104</pid>
\t\t\t\t<type>C+G</type>
\t\t\t\t<process_name>C:\\Programs\\R&D\\caf\xe9.exe</process_name>
\t\t\t\t<used_memory>[Insufficient Permissions]</used_memory>
\t\t\t</process_info>
\t\t</processes>
\t</gpu>
"""

# A card that has left the bus: its words stand where its values stood.
LOST = """\t<gpu id="00000000:3B:00.0">
\t\t<product_name>NVIDIA H100 80GB HBM3</product_name>
\t\t<uuid>GPU-eeeeeeee-0000-4000-8000-000000000001</uuid>
\t\t<fan_speed>Unknown Error</fan_speed>
\t\t<performance_state>GPU is lost</performance_state>
\t\t<fb_memory_usage>
\t\t\t<total>GPU is lost</total>
\t\t\t<used>ERR!</used>
\t\t\t<free>GPU is lost</free>
\t\t</fb_memory_usage>
\t\t<utilization>
\t\t\t<gpu_util>GPU is lost</gpu_util>
\t\t</utilization>
\t\t<temperature>
\t\t\t<gpu_temp>[Unknown Error]</gpu_temp>
\t\t</temperature>
\t</gpu>
"""
