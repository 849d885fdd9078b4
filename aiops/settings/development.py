"""A local installation: what nobody gave is made once and kept in var/."""

from aiops.settings import env
from aiops.settings.common import *  # noqa: F403
from aiops.settings.common import VAR_DIR

SECRET_KEY = env.text("SECRET_KEY", "") or env.made_once(VAR_DIR / "secret-key")
SEALING_KEYS = env.text("AIOPS_SEALING_KEYS", "") or env.made_once(VAR_DIR / "sealing-keys")
