"""What one vLLM server prints about its requests."""

from collections.abc import Callable, Mapping

from apps.simulator.exposition import Family, part
from apps.simulator.rhythm import Value
from apps.simulator.sites.oregon import MODELS
from apps.simulator.world import Cluster, Pod

LATENCY = (0.3, 0.5, 0.8, 1.0, 1.5, 2.0, 2.5, 5.0, 10.0, 15.0, 20.0, 30.0, 40.0, 50.0, 60.0)
FIRST_TOKEN = (0.001, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 10.0)
# Requests a second of one server, and the tokens of a request: prompt and answer.
TRAFFIC = {
    "llama-3-3-70b": (3.2, 1450, 310),
    "qwen3-32b": (4.1, 900, 620),
    "mistral-small": (6.5, 700, 180),
    "bge-m3": (22.0, 380, 0),
}


def families(cluster: Cluster, pod: Pod) -> list[Family]:
    model = pod.labels["vllm.ai/model"]
    labels = {"engine": "0", "model_name": MODELS[model]}
    rate, prompt, answer = TRAFFIC[model]
    requests = cluster.rhythm.wave(f"vllm/{pod.name}", rate, daily=0.4, jitter=0.2)
    served = requests.since(pod.created)
    lasts = 0.4 + answer / 42

    gauges: dict[str, tuple[str, Value]] = {
        "vllm:num_requests_running": (
            "Number of requests in model execution batches.",
            lambda t: float(round(requests.at(t) * lasts)),
        ),
        # A queue forms only when the server is well over its usual rate.
        "vllm:num_requests_waiting": (
            "Number of requests waiting to be processed.",
            lambda t: float(max(0, round((requests.at(t) - 1.35 * rate) * lasts))),
        ),
        "vllm:kv_cache_usage_perc": (
            "KV-cache usage. 1 means 100 percent usage.",
            (requests * (0.55 / rate)).at,
        ),
    }
    found = []
    for name, (text, value) in gauges.items():
        found.append(Family(name, "gauge", text))
        found[-1].add(value, **labels)
    return [*found, *totals(served, prompt, answer, labels), *latencies(served, lasts, labels)]


def totals(
    served: Callable[[float], float], prompt: int, answer: int, labels: Mapping[str, str]
) -> list[Family]:
    counters = {
        "vllm:num_preemptions_total": ("Number of preemptions from the engine.", 0.0004),
        "vllm:prompt_tokens_total": ("Number of prefill tokens processed.", prompt),
        "vllm:generation_tokens_total": ("Number of generation tokens processed.", answer),
    }
    found = []
    for name, (text, factor) in counters.items():
        found.append(Family(name, "counter", text))
        found[-1].add(part(served, factor), **labels)
    success = Family("vllm:request_success_total", "counter", "Successfully processed requests.")
    for reason, share in (("stop", 0.93), ("length", 0.06), ("abort", 0.01)):
        success.add(part(served, share), **labels, finished_reason=reason)
    return [*found, success]


def latencies(
    served: Callable[[float], float], lasts: float, labels: Mapping[str, str]
) -> list[Family]:
    first = Family("vllm:time_to_first_token_seconds", "histogram", "Time to first token.")
    first.add_histogram(served, 0.18, FIRST_TOKEN, **labels)
    whole = Family("vllm:e2e_request_latency_seconds", "histogram", "Latency of whole requests.")
    whole.add_histogram(served, lasts, LATENCY, **labels)
    return [first, whole]
