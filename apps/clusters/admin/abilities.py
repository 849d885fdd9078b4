"""What discovery concluded, as a table in the admin: each with what it was concluded from."""

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from apps.clusters.contract import Capabilities, describe_capabilities
from apps.clusters.models import Cluster

NOT_YET = (
    "Nothing is known yet. The first discovery follows the registration; if this stays, look at "
    "the last error, and whether the token may list nodes, namespaces and services."
)


def list_abilities(cluster: Cluster) -> SafeString | str:
    found = describe_capabilities(cluster) if hasattr(cluster, "schedule") else None
    if found is None:
        return NOT_YET
    rows = [
        (name.replace("_", " "), _word(getattr(found, name)), found.evidence[name])
        for name in Capabilities.model_fields
        if name in found.evidence
    ]
    rows += [
        (f"suggested {name.replace('_', ' ')}", url, "Copy it into the empty box if it suits.")
        for name, url in found.suggested_endpoints.items()
    ]
    body = format_html_join("", "<tr><th scope='row'>{}</th><td>{}</td><td>{}</td></tr>", rows)
    return format_html("<table class='by-row'>{}</table>", body)


def _word(value: object) -> str:
    match value:
        case None:
            return "unknown"
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(map(str, value)) or "none"
    return str(value)
