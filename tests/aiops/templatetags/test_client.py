"""The pages name the files of the client as the last build wrote them."""

import json
import os
from pathlib import Path

import pytest
from django.template.loader import render_to_string
from django.test import RequestFactory

from aiops.templatetags import client

FONT = "assets/inter-latin-wght-normal-1.woff2"


def build(manifest: Path, version: str) -> None:
    """Write what Vite writes for a client whose entry shares one chunk with another."""
    chunks = {
        "src/main.tsx": {
            "file": f"assets/main-{version}.js",
            "imports": ["_shared.js"],
            "css": [f"assets/main-{version}.css"],
            "assets": [FONT, "assets/inter-greek-wght-normal-1.woff2"],
        },
        "_shared.js": {"file": "assets/shared-1.js", "imports": ["src/main.tsx"]},
        "src/signin.css": {"file": "assets/signin-1.css"},
    }
    manifest.write_text(json.dumps(chunks))


@pytest.fixture
def manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "manifest.json"
    monkeypatch.setattr(client, "MANIFEST", path)
    return path


def page() -> str:
    return render_to_string("client.html", request=RequestFactory().get("/"))


def test_a_page_loads_the_entry_its_style_its_shared_chunks_and_the_first_font(
    manifest: Path,
) -> None:
    build(manifest, "1")
    html = page()
    assert '<script type="module" src="/static/client/assets/main-1.js"></script>' in html
    assert '<link rel="stylesheet" href="/static/client/assets/main-1.css">' in html
    assert '<link rel="modulepreload" href="/static/client/assets/shared-1.js">' in html
    assert f'href="/static/client/{FONT}"' in html
    assert "greek" not in html


def test_the_theme_is_set_before_anything_else_is_loaded(manifest: Path) -> None:
    build(manifest, "1")
    html = page()
    theme = html.index('<script src="/static/client/theme.js"></script>')
    assert theme < html.index("main-1.css")


def test_no_page_holds_an_inline_script(manifest: Path) -> None:
    build(manifest, "1")
    assert "<script>" not in page()


def test_an_entry_of_style_alone_is_linked_as_one(manifest: Path) -> None:
    build(manifest, "1")
    elements = client.client_assets("src/signin.css")
    assert elements == '<link rel="stylesheet" href="/static/client/assets/signin-1.css">'


def test_a_new_build_is_seen_without_a_restart(manifest: Path) -> None:
    build(manifest, "1")
    page()
    build(manifest, "2")
    os.utime(manifest, ns=(0, 1))
    assert "main-2.js" in page()


def test_a_client_that_is_not_built_says_how_to_build_it(manifest: Path) -> None:
    html = page()
    assert "make client" in html
    assert '<div id="root">' not in html
