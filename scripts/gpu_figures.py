"""The page of figures about GPUs: rounds of many nodes."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from scripts.query_figures import line, told

ABOUT = """\
A round is reading, judging and storing what came, on one core, PostgreSQL on any: {nodes} nodes
with {cards} cards, in clusters of {of_a_cluster} nodes, are to be done within {must_seconds:g} s,
and better within {moonshot_seconds:g} s. Beside it, in turns, stands what a parser takes to go over
the same bytes and do nothing with them: expat, and orjson with Python's collector off."""
COMMANDS = """\
To fetch the texts of {nodes} nodes, each by two commands in a pod, with a TLS connection for each
command, and to read them: {cpu} ms of CPU a node, {rate} nodes/s."""


def rounds(figures: Mapping[str, Any]) -> Iterable[str]:
    yield ABOUT.format(**figures)
    yield ""
    head = ("source", "nodes", "what", "round s", "of it reading s", "CPU s", "ms a node")
    yield line(*head, "rows written", "bare s", "to bare")
    yield "|---" * (len(head) + 3) + "|"
    for row in figures["rows"]:
        seconds = (told(row["seconds"]), told(row["reading"]), told(row["cpu"]))
        each = f"{row['seconds']['median'] / row['nodes'] * 1000:.2f}"
        written = f"{row['cards_written'] + row['nodes_written']:,}"
        which = (row["source"], f"{row['nodes']:,}", row["what"])
        yield line(*which, *seconds, each, written, told(row["bare"]), told(row["to_bare"]))
    if "commands" in figures:
        made = figures["commands"]
        rate = told(made["nodes_a_second"])
        yield ""
        yield COMMANDS.format(nodes=made["nodes"], cpu=told(made["cpu_ms_a_node"]), rate=rate)


# Title, and what stands beneath it.
PAGES: dict[str, tuple[str, Callable[[Mapping[str, Any]], Iterable[str]]]] = {
    "gpus": ("8. GPUs read and stored", rounds),
}
