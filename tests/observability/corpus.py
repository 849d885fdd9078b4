"""The questions by which the fleet is measured against one Prometheus that holds all of it."""

SELECTORS = """
up
up{instance="a:80"}
requests_total{code=~"5..|4.."}
requests_total{code!="200", cluster="north"}
{__name__="odd", kind!="inf"}
lag_seconds
lag_seconds{exported_cluster="blue"}
lag_seconds{exported_cluster=""}
temperature{cluster!="north"}
temperature{cluster=~"edge-.*|south"}
temperature{cluster="nowhere"}
gappy
only_north
absent_metric
temperature offset 10m
temperature @ 1767227400
temperature{sensor="in"} offset -5m
"""

RANGE_FUNCTIONS = """
rate(requests_total[5m])
irate(requests_total[5m])
increase(requests_total[10m])
delta(memory_used_bytes[5m])
idelta(memory_used_bytes[5m])
deriv(temperature[10m])
predict_linear(temperature[10m], 600)
resets(requests_total[30m])
changes(queue_depth[10m])
avg_over_time(temperature[5m])
min_over_time(odd[5m])
max_over_time(odd{kind!="nan"}[5m])
sum_over_time(gappy[10m])
count_over_time(gappy[10m])
last_over_time(gappy[10m])
present_over_time(gappy[10m])
stddev_over_time(temperature[10m])
stdvar_over_time(temperature[10m])
quantile_over_time(0.9, temperature[10m])
max_over_time(rate(requests_total[2m])[10m:1m])
avg_over_time(temperature[10m:])
sum_over_time(sum by (cluster) (temperature)[10m:1m])
"""

FUNCTIONS = """
abs(temperature)
ceil(temperature)
floor(temperature)
round(temperature)
round(temperature, 0.25)
round(memory_used_bytes, 1e6)
sgn(temperature)
exp(temperature)
ln(temperature)
log2(memory_used_bytes)
log10(memory_used_bytes)
sqrt(temperature)
clamp(temperature, -1, 1)
clamp_min(odd, 0)
clamp_max(odd, 0)
clamp(temperature, 2, 1)
sin(temperature) + cos(temperature)
tan(temperature)
asin(temperature / 30)
acos(temperature / 30)
atan(temperature)
sinh(temperature)
cosh(temperature)
tanh(temperature)
asinh(temperature)
acosh(temperature)
atanh(temperature / 30)
deg(temperature)
rad(temperature)
timestamp(temperature)
minute(backup_seconds)
hour(backup_seconds)
day_of_week(backup_seconds)
day_of_month(backup_seconds)
day_of_year(backup_seconds)
days_in_month(backup_seconds)
month(backup_seconds)
year(backup_seconds)
sort(temperature)
sort_desc(temperature)
label_replace(up, "host", "$1", "instance", "(.*):.*")
label_replace(up, "instance", "", "instance", "a:80")
label_replace(up, "both", "${job}-$2$$", "instance", "(?P<job>.)(.*)")
label_join(up, "where", "/", "job", "instance")
histogram_quantile(0.9, rate(latency_seconds_bucket[5m]))
histogram_quantile(0.7, broken_bucket)
histogram_quantile(0.5, sum by (cluster, le) (rate(latency_seconds_bucket[5m])))
-temperature
+temperature
vector(1)
vector(time())
time()
pi()
day_of_week()
hour()
minute(vector(1767225600))
year(vector(-86400))
"""

COMBINED = """
sum(up)
sum(temperature)
sum by (sensor) (temperature)
sum without (cluster) (temperature)
sum without (sensor) (temperature)
sum by (cluster) (temperature)
sum by (cluster, code) (rate(requests_total[5m]))
sum by (code) (rate(requests_total[5m]))
sum(odd)
sum by (kind) (odd)
sum by (exported_cluster) (lag_seconds)
sum by (cluster, exported_cluster) (lag_seconds)
sum without (exported_cluster) (lag_seconds)
sum by (zone) (queue_depth)
sum(gappy)
sum by (part) (gappy)
sum(absent_metric)
sum(temperature{cluster=~"north|south"})
sum by () (temperature)
min(temperature)
min(odd)
min by (kind) (odd)
max(temperature)
max by (kind) (odd)
max without (cluster, sensor) (temperature)
count(up)
count(up == 0)
count by (instance) (up)
count by (version) (build_info)
count(gappy)
group(up)
group by (instance) (up)
avg(temperature)
avg by (sensor) (temperature)
avg without (cluster) (memory_used_bytes)
avg(odd)
avg by (part) (gappy)
avg(rate(requests_total[5m]))
avg by (cluster) (temperature)
topk(3, temperature)
topk(1, temperature) by (sensor)
topk by (cluster) (1, temperature)
topk(100, temperature)
topk(0, temperature)
topk(3, odd{kind!="inf"})
topk(2, rate(requests_total[5m]))
topk without (cluster) (2, memory_used_bytes)
bottomk(3, temperature)
bottomk(1, temperature) by (sensor)
bottomk by (cluster) (2, temperature)
bottomk(2, odd{kind!="inf"})
quantile by (cluster) (0.9, temperature)
stddev by (cluster) (temperature)
stdvar by (cluster) (temperature)
count_values by (cluster) ("value", up)
"""

LOCAL = """
sum(up) / count(up)
100 * sum(up) / count(up)
sum(memory_used_bytes) / sum(memory_total_bytes)
sum by (instance) (memory_used_bytes) / sum by (instance) (memory_total_bytes)
sum by (code) (rate(requests_total[5m])) / ignoring(code) group_left sum(rate(requests_total[5m]))
sum by (instance) (up) * on (instance) group_right sum by (instance, code) (requests_total)
sum by (instance, version) (build_info) * on (instance) group_left sum by (instance) (up)
max by (sensor) (temperature) - min by (sensor) (temperature)
max by (sensor) (temperature) > min by (sensor) (temperature)
max by (sensor) (temperature) > bool 10
max by (sensor) (temperature) == max by (sensor) (temperature)
sum by (sensor) (temperature) != bool on (sensor) avg by (sensor) (temperature)
sum by (sensor) (temperature) % 3
sum by (sensor) (temperature) ^ 2
2 ^ avg by (sensor) (temperature)
sum by (sensor) (temperature) ^ 0.5
sum by (sensor) (temperature) atan2 avg by (sensor) (temperature)
10 < max by (sensor) (temperature)
sum by (sensor) (temperature) >= 0
sum by (sensor) (temperature) <= 0
sum by (sensor) (temperature) / 0
sum by (sensor) (temperature) % 0
0 / (sum(up) - sum(up))
sum(only_north) or sum(up)
sum(absent_metric) or vector(0)
vector(0) or sum(up)
sum by (instance) (only_north) or sum by (instance) (up)
sum by (instance) (up) and sum by (instance) (only_north)
sum by (instance) (up) unless sum by (instance) (only_north)
sum by (part) (gappy) and on () sum(up) > 2
sum by (part) (gappy) unless on (part) sum by (part) (gappy{part="late"})
sum by (part) (gappy{part!="late"}) or sum by (part) (gappy)
-sum by (sensor) (temperature)
-sum by (sensor) (temperature) ^ 2
abs(sum by (sensor) (temperature))
ceil(avg(temperature))
floor(avg(temperature))
round(avg by (sensor) (temperature), 0.1)
sgn(min by (sensor) (temperature))
exp(avg by (sensor) (temperature))
ln(avg by (sensor) (temperature))
log2(sum(memory_used_bytes))
log10(sum(memory_used_bytes))
sqrt(avg by (sensor) (temperature))
clamp(sum by (sensor) (temperature), -3, 3)
clamp_min(sum by (sensor) (temperature), scalar(avg(temperature)))
clamp_max(sum by (kind) (odd), 1)
deg(avg(temperature))
rad(avg(temperature))
acos(avg by (sensor) (temperature) / 20)
scalar(sum(up))
scalar(sum by (instance) (up))
vector(scalar(sum(up)))
temperature - scalar(avg(temperature))
temperature > scalar(avg(temperature))
sort(sum by (sensor) (temperature))
sort_desc(sum by (kind) (odd))
histogram_quantile(0.9, sum by (le) (rate(latency_seconds_bucket[5m])))
histogram_quantile(0.5, sum by (le, namespace) (rate(latency_seconds_bucket[5m])))
histogram_quantile(0.99, sum by (le, namespace, instance) (latency_seconds_bucket))
histogram_quantile(0.7, sum by (le, kind) (broken_bucket))
histogram_quantile(0.05, max by (le, kind) (broken_bucket))
histogram_quantile(scalar(sum(up)) / 10, sum by (le) (latency_seconds_bucket))
histogram_quantile(2, sum by (le) (latency_seconds_bucket))
histogram_quantile(-1, sum by (le) (latency_seconds_bucket))
histogram_quantile(0, sum by (le) (latency_seconds_bucket))
histogram_quantile(1, sum by (le) (latency_seconds_bucket))
sum(rate(latency_seconds_sum[5m])) / sum(rate(latency_seconds_count[5m]))
label_replace(sum by (instance) (up), "host", "$1", "instance", "(.*):.*")
label_join(sum by (instance, code) (requests_total), "both", "-", "instance", "code")
year(max(backup_seconds))
day_of_month(min(backup_seconds))
time() - max(backup_seconds)
topk(2, sum by (instance) (memory_used_bytes))
bottomk(1, sum by (sensor) (temperature))
max(sum by (sensor) (temperature))
max(sum by (cluster) (temperature))
sum(max by (cluster) (temperature))
avg(sum by (cluster, code) (rate(requests_total[5m])))
min by (code) (sum by (code, instance) (rate(requests_total[5m])))
count(sum by (instance) (up))
count(count by (cluster) (up))
quantile(0.5, sum by (instance, code) (requests_total))
quantile(0.9, sum by (part, instance) ({__name__=~"gappy|queue_depth"}))
quantile(1.5, sum by (instance, code) (requests_total))
quantile(0.3, sum by (kind) (odd))
topk by (sensor) (1, sum by (sensor, cluster) (temperature))
bottomk(1, sum by (kind) (odd))
max by (kind) (sum by (kind, cluster) (odd))
clamp(sum by (kind) (odd), -1, scalar(sum(up)))
sum by (sensor) (temperature) > sum by (sensor) (temperature) - 1
sum by (sensor) (temperature) < bool ignoring (sensor) group_left avg(temperature)
max by (instance, version) (build_info) * on (instance) group_left (version) sum by (instance) (up)
sum by (part) (gappy) / on (part) sum by (part) (gappy{part!="early"})
count_values without () ("n", sum by (instance) (up))
stddev(sum by (instance, code) (requests_total))
stdvar(sum by (instance, code) (requests_total))
count_values("n", count by (instance) (up))
group(sum by (sensor) (temperature))
sum(temperature > 5)
sum(temperature > bool 5)
count(temperature > 0) / count(temperature)
sum by (instance) (up) + on (instance) sum by (instance) (memory_total_bytes)
sum by (sensor) (temperature) + ignoring (sensor) sum(temperature)
sum(up) + on () group_left sum(temperature)
sum(up) == sum(up) > 1
1 + 2 * 3
2 ^ 3 ^ 2
-2 ^ 2
1 / 0
0 / 0
7 % 3
-7 % 3
1 > bool 2
(1 + 1) * vector(2)
3 atan2 4
"words"
"""

PER_CLUSTER_OPERATORS = """
memory_used_bytes / memory_total_bytes
memory_used_bytes / on (cluster, instance) memory_total_bytes
memory_used_bytes * on (cluster, instance) group_left (version) build_info
requests_total * on (cluster, instance) group_left () build_info
build_info * on (cluster, instance) group_right requests_total
requests_total{code="500"} / ignoring (code) requests_total{code="200"}
temperature > 5
5 > temperature
temperature > bool 5
temperature == temperature
temperature * 2
2 ^ temperature
temperature % 3
temperature and temperature > 0
temperature unless temperature > 0
temperature > 5 or temperature < -5
up == 1 and on (cluster, instance) memory_used_bytes > 5e9
up unless on (cluster, instance) memory_used_bytes > 5e9
sum by (cluster) (up) / count by (cluster) (up)
sum by (cluster, instance) (rate(requests_total{code="500"}[5m])) / sum by (cluster, instance) (rate(requests_total[5m]))
temperature - on (cluster) group_left avg by (cluster) (temperature)
temperature / ignoring (sensor, cluster) group_left sum(temperature)
temperature - on (sensor) group_left avg by (sensor) (temperature)
avg by (sensor) (temperature) - on (sensor) group_right temperature
max by (instance) (memory_used_bytes) == on (instance) group_right memory_used_bytes
odd + odd
odd > odd
gappy + ignoring (part) group_left sum without (part) (gappy)
"""  # noqa: E501 - a query is one line

MUST_FAIL = """
requests_total / on (instance) memory_used_bytes
sum by (instance, code) (requests_total) / on (instance) sum by (instance, method) (requests_total)
sum by (instance) (up) / on (instance) sum by (instance, code) (requests_total)
sum by (instance, code) (requests_total) / on (instance) sum by (instance) (up)
label_replace(sum by (instance) (up), "instance", "x", "", "")
"""

# One Prometheus answers these. A fleet could only by moving whole series, so it says so.
MAY_BE_REFUSED = """
quantile(0.9, temperature)
stddev(temperature)
stdvar(temperature)
count_values("value", up)
absent(absent_metric)
absent(up)
absent_over_time(absent_metric[5m])
scalar(temperature)
scalar(only_north)
scalar(only_north{cluster="north"})
quantile(0.9, sum by (part, cluster) (gappy))
limitk(2, temperature)
sort_by_label(temperature, "sensor")
info(temperature)
sum(sort(temperature))
memory_used_bytes / ignoring (cluster) memory_total_bytes
temperature and on (sensor) temperature > 5
max_over_time(sum(temperature)[10m:1m])
timestamp(sum(temperature))
label_replace(temperature, "where", "$1", "cluster", "(.*)")
label_join(temperature, "cluster", "-", "cluster", "sensor")
sum(label_replace(temperature, "cluster", "x", "sensor", "in"))
up * on (instance) group_left (version) build_info
topk(scalar(count(up)) - 4, temperature)
"""

# Prometheus 3 knows it by another name, and so does a parser that nobody told of this one.
OF_OLD = """
holt_winters(temperature[10m], 0.5, 0.3)
"""

CLASSES = {
    "selectors": SELECTORS,
    "functions over ranges": RANGE_FUNCTIONS,
    "functions": FUNCTIONS,
    "aggregations across clusters": COMBINED,
    "operators and functions above them": LOCAL,
    "operators within and across clusters": PER_CLUSTER_OPERATORS,
    "wrong in one Prometheus as well": MUST_FAIL,
    "not to be split": MAY_BE_REFUSED,
    "of an older language": OF_OLD,
}
QUERIES = [(kind, query) for kind, text in CLASSES.items() for query in text.strip().splitlines()]
