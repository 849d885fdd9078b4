"""What the platform counts of itself, by the names under which /metrics tells it.

A process counts for itself; with PROMETHEUS_MULTIPROC_DIR set, all that share the folder are told
together.
"""

from prometheus_client import Counter, Histogram

# From a hit of the cache to the longest wait that an asker may choose.
SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0)

http_requests = Counter(
    "aiops_http_requests_total", "Requests that were answered.", ["method", "route", "status"]
)
http_seconds = Histogram(
    "aiops_http_request_duration_seconds",
    "From a request to its answer, or to the first of a long one.",
    ["route"],
    buckets=SECONDS,
)
upstream_seconds = Histogram(
    "aiops_upstream_request_duration_seconds",
    "Calls of watched systems, those that failed included.",
    ["kind"],
    buckets=SECONDS,
)
upstream_errors = Counter(
    "aiops_upstream_errors_total",
    "Calls that brought no answer (by the stage in which they failed), or HTTP 429 or 5xx.",
    ["kind", "reason"],
)
breaker_opened = Counter(
    "aiops_breaker_opened_total", "Parts of clusters that were left alone from then on.", ["kind"]
)
cache_hits = Counter("aiops_cache_hits_total", "Answers of clusters that were kept already.")
cache_misses = Counter("aiops_cache_misses_total", "Answers that had to be asked for.")
cache_unavailable = Counter(
    "aiops_cache_unavailable_total", "Times the cache was not used, for Redis was away or slow."
)
limit_refused = Counter(
    "aiops_limit_refused_total", "Requests refused, by the limit that they exceeded.", ["limit"]
)
limit_unavailable = Counter(
    "aiops_limit_unavailable_total",
    "Requests let through uncounted, for Redis was away or slow.",
)
tasks = Counter("aiops_tasks_total", "Tasks in the background that ended.", ["task", "state"])
task_items = Counter(
    "aiops_task_items_total",
    "What those tasks have dealt with: checks made, indicators found, and so on.",
    ["task"],
)
