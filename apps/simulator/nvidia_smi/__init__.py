"""What nvidia-smi prints on a simulated node, from the same figures that its DCGM exporter has."""

from apps.simulator.nvidia_smi import document, tables
from apps.simulator.nvidia_smi.cards import Scene

__all__ = ["Scene", "answer"]

# What it exits with where a card has fallen off the bus.
GONE, WRONG_USE = 15, 2


def answer(words: list[str], scene: Scene) -> tuple[str, int]:
    """Return what it prints to these words, and its exit code."""
    old = scene.moment.incidents.active("nvidia-smi-old", scene.moment.now) is not None
    code = GONE if any(scene.is_lost(card) for card in scene.node.cards) else 0
    match words:
        case ["-q", "-x"]:
            text = document.text(scene)
            return text[: text.index("<gpu id=")] if old else text, code
        case ["-L"]:
            return tables.listing(scene), code
        case [query, "--format=csv"] if query.startswith("--query-gpu="):
            columns = query.partition("=")[2].split(",")
            known = tables.OLD_COLUMNS if old else tables.COLUMNS
            unknown = next((one for one in columns if one not in known), None)
            if unknown is not None:
                return f'Field "{unknown}" is not a valid field to query.\n\n', WRONG_USE
            return tables.of_cards(columns, scene), code
        case [query, "--format=csv"] if query.startswith("--query-compute-apps="):
            return tables.of_processes(query.partition("=")[2].split(","), scene), code
    return "Invalid combination of input arguments. Please run 'nvidia-smi -h' for help.\n\n", 1
