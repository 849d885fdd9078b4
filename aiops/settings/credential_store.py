"""Where the API is that keeps credentials as Secrets: the platform's own cluster, or as told."""

import os
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from aiops.settings import env

# What every pod is given, unless its service account's token is switched off.
POD = Path("/var/run/secrets/kubernetes.io/serviceaccount")


def kubernetes(*, needed: bool, insecure: bool) -> dict[str, str]:
    """Return url, namespace, token_file and ca_file, or nothing where nobody says so.

    If it is `needed`, what is missing is refused now, and not at the first credential.
    """
    url = _url(insecure)
    namespace = env.text("CREDENTIAL_KUBERNETES_NAMESPACE", _read(POD / "namespace"))
    token_file = env.text("CREDENTIAL_KUBERNETES_TOKEN_FILE", str(POD / "token"))
    in_pod = str(POD / "ca.crt") if (POD / "ca.crt").exists() else ""
    ca_file = env.text("CREDENTIAL_KUBERNETES_CA_FILE", in_pod)
    if not needed and not (url and namespace):
        return {}
    if not url:
        raise _missing("URL", "the address of the API server, https://...")
    if not namespace:
        raise _missing("NAMESPACE", "the namespace in which the platform may keep Secrets")
    for name, path in (("TOKEN_FILE", token_file), ("CA_FILE", ca_file)):
        if needed and path and not os.access(path, os.R_OK):
            raise ImproperlyConfigured(
                f"CREDENTIAL_STORE=kubernetes cannot read {path}. Mount the service account's "
                f"token, or set CREDENTIAL_KUBERNETES_{name} to the file's path."
            )
    return {"url": url, "namespace": namespace, "token_file": token_file, "ca_file": ca_file}


def _url(insecure: bool) -> str:
    host = os.environ.get("KUBERNETES_SERVICE_HOST", "")
    port = os.environ.get("KUBERNETES_SERVICE_PORT", "443")
    here = f"https://{f'[{host}]' if ':' in host else host}:{port}" if host else ""
    url = env.text("CREDENTIAL_KUBERNETES_URL", here)
    refusal = "CREDENTIAL_KUBERNETES_URL must be the https:// address of an API server."
    try:
        parsed = urlsplit(url)
        usable = bool(parsed.hostname) and (parsed.port or 1) > 0
    except ValueError:
        raise ImproperlyConfigured(refusal) from None
    secure = parsed.scheme == "https" or (insecure and parsed.scheme == "http")
    if url and not (usable and secure):
        raise ImproperlyConfigured(refusal)
    return url


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8").strip() if os.access(path, os.R_OK) else ""


def _missing(name: str, what: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(
        "CREDENTIAL_STORE=kubernetes, and nothing says where: this is no pod of a cluster. "
        f"Set CREDENTIAL_KUBERNETES_{name} to {what}."
    )
