"""Hides what looks like a credential in text that people or logs will see."""

import re

MASK = "[hidden]"
_SECRETS = re.compile(
    r"(?P<bearer>(?i:bearer|basic)\s+)[\w.~+/=-]{8,}"  # Authorization headers
    r"|eyJ[\w-]{8,}\.[\w-]+\.[\w-]*"  # JSON web tokens: service accounts' tokens are such
    r"|sha256~[\w-]{16,}"  # OpenShift's OAuth tokens
    r"|aiops_[0-9a-f]{12}\.[\w-]{20,}"  # our own API tokens
    r"|aiops_wh_[\w-]{20,}"  # and those of webhooks
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)"
    r"|(?P<scheme>\w+://[^\s:/@]*):[^\s/@]+@",  # passwords in addresses
    re.DOTALL,
)


def mask(text: str) -> str:
    """Return `text` with whatever looks like a credential replaced."""

    def replace(found: re.Match[str]) -> str:
        if found["scheme"]:
            return f"{found['scheme']}:{MASK}@"
        return f"{found['bearer'] or ''}{MASK}"

    return _SECRETS.sub(replace, text)


def quotable(text: str, *secrets: str, limit: int = 500) -> str:
    """Return what a stranger said, fit for a page: masked, without `secrets`, printable, short."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, MASK)
    printable = "".join(sign if sign.isprintable() else " " for sign in mask(text))
    return printable[:limit]
