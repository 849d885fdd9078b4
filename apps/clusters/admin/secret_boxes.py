"""Boxes for what must never be shown again: they come back empty, beside an error too."""

from typing import Any

from django import forms


class SecretTextarea(forms.Textarea):
    def __init__(self, rows: int = 6) -> None:
        super().__init__(attrs={"rows": rows, "autocomplete": "off", "spellcheck": "false"})

    def format_value(self, value: Any) -> str:
        return ""


class SecretInput(forms.PasswordInput):
    def __init__(self) -> None:
        # Else a browser offers the person's own password for the cluster.
        super().__init__(attrs={"autocomplete": "new-password"}, render_value=False)
