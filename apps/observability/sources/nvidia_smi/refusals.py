"""What nvidia-smi says instead of an answer, put in words that say what to do."""

import re

from apps.observability.gpus.reading import NVIDIA_SMI, NodeReading, address

MOST_LINES, LONGEST_LINE = 20, 300

_SILENT = re.compile(
    r"Unable to determine the device handle for GPU ?(?:[0-9]{1,3}: ?)?"
    r"(?P<address>[0-9a-fA-F]{4,8}:[0-9a-fA-F]{2}:[0-9a-fA-F]{2}\.[0-9a-fA-F])?:? ?(?P<why>.*)"
)
_FIELD = re.compile(r'Field "(?P<field>[A-Za-z0-9_.]{1,100})" is not a valid field to query')
# What it says, in lower case, and what that means.
_KNOWN = (
    ("no devices were found", "The driver finds no GPU on this node"),
    (
        "driver/library version mismatch",
        "The loaded driver and nvidia-smi are of two versions: reload the driver or reboot",
    ),
    (
        "couldn't communicate with the nvidia driver",
        "The NVIDIA driver does not run on this node: see the driver pod and the kernel's log",
    ),
    ("insufficient permissions", "The pod may not ask the driver: it needs more rights"),
    ("gpu access blocked by the operating system", "The system keeps the GPU from nvidia-smi"),
    ("inforom is corrupted", "A card's own records (InfoROM) are damaged: have it checked"),
    ("failed to initialize nvml", "The NVIDIA driver did not answer nvidia-smi"),
)


def read(text: str, must_speak: bool = True) -> NodeReading:
    """Read what is no answer, or stands around one. Silence is an error where all is silent."""
    lines = [line.strip()[:LONGEST_LINE] for line in text.splitlines() if line.strip()]
    errors: list[str] = []
    lost: list[str] = []
    for line in lines[:MOST_LINES]:
        silent = _SILENT.search(line)
        if silent and silent["address"]:
            lost.append(address(silent["address"]))
        errors.append(_silence(silent) if silent else _meaning(line))
    if not errors and must_speak:
        errors.append("nvidia-smi printed nothing")
    return NodeReading(NVIDIA_SMI, lost=tuple(lost), errors=tuple(dict.fromkeys(errors)))


def is_known(line: str) -> bool:
    """Whether a line is one of those that nvidia-smi is known to print around an answer."""
    said = line[:LONGEST_LINE]
    return bool(_SILENT.search(said)) or any(key in said.lower() for key, _ in _KNOWN)


def field_refused(text: str) -> str | None:
    """Return the field that this version of nvidia-smi does not know, for which it refuses all."""
    found = _FIELD.search(text[: MOST_LINES * LONGEST_LINE])
    return found["field"] if found else None


def _silence(silent: re.Match[str]) -> str:
    which = address(silent["address"]) if silent["address"] else "of this node"
    why = _printable(silent["why"].partition(".")[0].strip()) or "no reason given"
    return f"The GPU {which} does not answer ({why}): drain the node and reboot it"


def _meaning(line: str) -> str:
    said = _printable(line)
    meant = next((words for key, words in _KNOWN if key in line.lower()), None)
    return f'{meant} ("{said}")' if meant else f'nvidia-smi says "{said}"'


def _printable(text: str) -> str:
    return "".join(one if one.isprintable() else "?" for one in text)
