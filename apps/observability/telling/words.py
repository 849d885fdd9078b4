"""The fixed sentences of a notification. What clusters say is put into them, and never read.

Labels and annotations are written by whoever may write a rule or name a pod. None of it becomes
markup, a mention, a link or another line.
"""

from collections.abc import Iterator, Mapping
from typing import Any

# Breaks what chats take for markup, and is not seen.
GAP = "\u200b"
_BREAKS = {
    "](": f"]{GAP}(",
    "![": f"!{GAP}[",
    "://": f":{GAP}//",
    "www.": f"www{GAP}.",
    "@": f"@{GAP}",
}
LONGEST_LABELS, LONGEST_SUMMARY, LONGEST_HEADLINE = 300, 500, 200


def line_of(text: str, limit: int) -> str:
    """Return a stranger's text as a piece of one line."""
    printable = "".join(sign if sign.isprintable() else " " for sign in text[: limit * 2])
    return printable if len(printable) <= limit else printable[: limit - 1] + "…"


def unlinked(text: str) -> str:
    """Return `text` such that no chat makes a link, an image or a mention of a part of it."""
    for sign, broken in _BREAKS.items():
        text = text.replace(sign, broken)
    return text


def headline(content: Mapping[str, Any]) -> str:
    data = content["data"]
    if content["type"] == "test":
        return "[TEST] AIOps NextGen reaches you"
    counts = [f"{data[name]} {name}" for name in ("fired", "resolved") if data[name]]
    named = " ".join(f"{name}={value}" for name, value in data["group_labels"].items())
    return line_of(f"[{', '.join(counts)}] {named or data['route']}", LONGEST_HEADLINE)


def lines(content: Mapping[str, Any]) -> Iterator[str]:
    """Yield one line for each alert, and one for those that are not described."""
    data = content["data"]
    for one in data["alerts"]:
        yield _line(one)
    if data["truncated"]:
        yield "There are more; see the alerts of AIOps NextGen."


def _line(alert: Mapping[str, Any]) -> str:
    until = f", over since {_time(alert['ends_at'])}" if alert["ends_at"] else ""
    known = {"alertname", "severity"}
    labels = ", ".join(
        f"{name}={value}" for name, value in alert["labels"].items() if name not in known
    )
    said = alert["annotations"].get("summary") or alert["annotations"].get("description") or ""
    name, cluster = line_of(alert["alertname"], 200), line_of(alert["cluster_name"], 100)
    since = f"since {_time(alert['starts_at'])}{until}"
    what = f"{alert['state']} {alert['severity']} {name} on {cluster} {since}"
    parts = [what, line_of(said, LONGEST_SUMMARY), line_of(labels, LONGEST_LABELS)]
    return " | ".join(filter(None, parts))


def _time(written: str) -> str:
    return f"{written[:10]} {written[11:19]} UTC"
