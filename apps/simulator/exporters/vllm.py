"""What one vLLM server prints about its requests."""

from apps.simulator.exposition import Family
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

    running = Family(
        "vllm:num_requests_running", "gauge", "Number of requests in model execution batches."
    )
    running.add(lambda t: float(round(requests.at(t) * lasts)), **labels)
    waiting = Family(
        "vllm:num_requests_waiting", "gauge", "Number of requests waiting to be processed."
    )
    # A queue forms only when the server is well over its usual rate.
    waiting.add(lambda t: float(max(0, round((requests.at(t) - 1.35 * rate) * lasts))), **labels)
    cache = Family(
        "vllm:kv_cache_usage_perc", "gauge", "KV-cache usage. 1 means 100 percent usage."
    )
    cache.add((requests * (0.55 / rate)).at, **labels)
    preempted = Family(
        "vllm:num_preemptions_total", "counter", "Cumulative number of preemption from the engine."
    )
    preempted.add(lambda t: float(int(served(t) * 0.0004)), **labels)

    prompts = Family("vllm:prompt_tokens_total", "counter", "Number of prefill tokens processed.")
    prompts.add(lambda t: float(int(served(t)) * prompt), **labels)
    answers = Family(
        "vllm:generation_tokens_total", "counter", "Number of generation tokens processed."
    )
    answers.add(lambda t: float(int(served(t)) * answer), **labels)

    success = Family(
        "vllm:request_success_total", "counter", "Count of successfully processed requests."
    )
    for reason, share in (("stop", 0.93), ("length", 0.06), ("abort", 0.01)):
        success.add(
            lambda t, share=share: float(int(served(t) * share)), **labels, finished_reason=reason
        )

    first = Family(
        "vllm:time_to_first_token_seconds",
        "histogram",
        "Histogram of time to first token in seconds.",
    )
    first.add_histogram(served, 0.18, FIRST_TOKEN, **labels)
    whole = Family(
        "vllm:e2e_request_latency_seconds",
        "histogram",
        "Histogram of e2e request latency in seconds.",
    )
    whole.add_histogram(served, lasts, LATENCY, **labels)
    return [running, waiting, cache, preempted, prompts, answers, success, first, whole]
