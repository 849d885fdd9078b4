"""A local installation: what nobody gave is made once and kept in var/."""

from aiops.embedded.layout import Layout, make_once
from aiops.settings import env
from aiops.settings.common import *  # noqa: F403
from aiops.settings.common import VAR_DIR

# The demo's fleet is on this machine, and so is many a cluster to try things with.
ALLOW_LOOPBACK_UPSTREAMS = env.flag("AIOPS_ALLOW_LOOPBACK_UPSTREAMS", default=True)


def _kept(name: str) -> str:
    return make_once(Layout.prepare(VAR_DIR).var / name, length=48)


SECRET_KEY = env.text("SECRET_KEY", "") or _kept("secret-key")
SEALING_KEYS = env.sealing_keys(env.text("AIOPS_SEALING_KEYS", "") or _kept("sealing-keys"))
