"""PostgreSQL and Redis of our own with an empty database, and Django set up for them."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path


@contextmanager
def running(**environment: str) -> Iterator[Path]:
    """Until the block ends; children that are started within find both by the environment."""
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "aiops.settings.test",
        "AIOPS_ALLOW_INSECURE_UPSTREAMS": "true",
        "AIOPS_ALLOW_LOOPBACK_UPSTREAMS": "true",
        **environment,
    }
    for name in ("DATABASE_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    from aiops.embedded import purge
    from aiops.embedded.attachment import attach_or_start

    var = Path(tempfile.mkdtemp(prefix="aiops-bench-"))
    with ExitStack() as stack:
        stack.callback(purge.purge, var)
        stack.enter_context(attach_or_start(var))
        # Only now do the settings find a database.
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        yield var
