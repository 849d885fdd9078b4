"""Template tags that load the built client by the hashed names of its files."""

import json
from functools import lru_cache
from pathlib import Path
from typing import NotRequired, TypedDict

from django import template
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from aiops import BASE_DIR

MANIFEST = BASE_DIR / "static" / "client" / ".vite" / "manifest.json"
# The text of every page is set in it: asked for early, it does not make the first paint jump.
FIRST_FONT = "inter-latin-wght-normal"

register = template.Library()


class Chunk(TypedDict):
    """What Vite's manifest says about one built file."""

    file: str
    css: NotRequired[list[str]]
    imports: NotRequired[list[str]]
    assets: NotRequired[list[str]]


Manifest = dict[str, Chunk]


@lru_cache(maxsize=1)
def _read(path: Path, _changed_at: int) -> Manifest:
    manifest: Manifest = json.loads(path.read_text())
    return manifest


def read_manifest() -> Manifest | None:
    """Return the manifest as the last build wrote it, or None where there was no build."""
    try:
        changed_at = MANIFEST.stat().st_mtime_ns
    except FileNotFoundError:
        return None
    return _read(MANIFEST, changed_at)


def needed_by(manifest: Manifest, entry: str) -> list[Chunk]:
    """Return the chunks that `entry` loads at once, itself first, each one once."""
    found: dict[str, Chunk] = {}
    waiting = [entry]
    while waiting:
        name = waiting.pop(0)
        if name not in found:
            found[name] = manifest[name]
            waiting += manifest[name].get("imports", [])
    return list(found.values())


def _elements(pattern: str, files: list[str]) -> SafeString:
    return format_html_join("\n", pattern, ((static(f"client/{file}"),) for file in files))


@register.simple_tag
def client_is_built() -> bool:
    return read_manifest() is not None


@register.simple_tag
def client_theme() -> SafeString:
    """Blocking on purpose: the theme stands before the first paint."""
    if read_manifest() is None:
        return SafeString("")
    return format_html('<script src="{}"></script>', static("client/theme.js"))


@register.simple_tag
def client_assets(entry: str) -> SafeString:
    """Write what loads `entry`, such as src/main.tsx; nothing before the first build."""
    manifest = read_manifest()
    if manifest is None:
        return SafeString("")
    chunks = needed_by(manifest, entry)
    first, *others = (chunk["file"] for chunk in chunks)
    is_style = first.endswith(".css")
    fonts = [a for chunk in chunks for a in chunk.get("assets", []) if FIRST_FONT in a]
    styles = [first] if is_style else [css for chunk in chunks for css in chunk.get("css", [])]
    parts = [
        _elements('<link rel="preload" as="font" type="font/woff2" crossorigin href="{}">', fonts),
        _elements('<link rel="stylesheet" href="{}">', styles),
        _elements('<link rel="modulepreload" href="{}">', others),
        _elements('<script type="module" src="{}"></script>', [] if is_style else [first]),
    ]
    return format_html_join("\n", "{}", ((part,) for part in parts if part))
