"""A process that dies by SIGKILL at a chosen step of an operation, again and again.

It has Django loaded and forks for every order, so that a hundred deaths cost seconds. A step is
the entry of a function of ours, or the beginning or the end of an SQL statement or a commit:
between two steps nothing of ours is written to the database. What a check asks of its cluster, or
a rotation of the API that keeps Secrets, is said between two as well.

    order:   NAME STEP ARGUMENTS-AS-JSON, a line on stdin
    answer:  "killed", "done" (the operation has fewer steps) or "broke", a line on stdout
"""

import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import django
from asgiref.sync import async_to_sync

APPS = str(Path(__file__).resolve().parents[2] / "apps")
DATABASE = {"execute", "executemany", "_commit", "_rollback"}
DJANGO = str(Path(django.__file__).parent / "db" / "backends")


class Death:
    """Counts the steps of this process, in whichever thread they are made, until it is time."""

    def __init__(self, step: int) -> None:
        self.left = step

    def __call__(self, frame: FrameType, event: str, argument: Any) -> None:
        code = frame.f_code
        ours = event == "call" and code.co_filename.startswith(APPS)
        database = (
            event in {"call", "return"}
            and code.co_name in DATABASE
            and code.co_filename.startswith(DJANGO)
        )
        if not (ours or database):
            return
        self.left -= 1
        if self.left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self) -> None:
        threading.setprofile(self)
        sys.setprofile(self)


def check() -> None:
    from apps.clusters.actions import checking

    async_to_sync(checking.check_due)()


def import_kubeconfig(text: str, update: bool) -> None:
    from apps.clusters.actions.importing import Wishes, import_contexts

    import_contexts(text, Wishes(update=update))


def rotate(cluster: str, token: str, keeper: dict[str, str] | None) -> None:
    """`keeper` says where the API is that keeps credentials as Secrets, if one does."""
    from django.conf import settings

    from apps.clusters.actions import rotation
    from apps.clusters.actions.credentials import NewCredential
    from apps.clusters.models import Cluster
    from apps.clusters.vault.secrets import Secrets

    if keeper:
        settings.CREDENTIAL_STORE, settings.CREDENTIAL_KUBERNETES = "kubernetes", keeper
    found = Cluster.objects.get(name=cluster)
    rotation.rotate(found, NewCredential(Secrets(token=token)))


def reseal(keys: str) -> None:
    from django.conf import settings

    from apps.clusters.actions import sealing_keys

    settings.SEALING_KEYS = keys
    sealing_keys.reseal(sealing_keys.Wishes(batch=2))


OPERATIONS: dict[str, Callable[..., None]] = {
    "check": check,
    "import": import_kubeconfig,
    "rotate": rotate,
    "reseal": reseal,
}


def obey(order: str) -> str:
    name, step, arguments = order.split(" ", 2)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            Death(int(step)).watch()
            OPERATIONS[name](**json.loads(arguments))
            sys.setprofile(None)
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return "killed"
    return "broke" if os.WEXITSTATUS(status) else "done"


def main() -> None:
    django.setup()
    # Loaded before the first fork, or every child would load it anew.
    from apps.clusters.actions import checking, importing, rotation, sealing_keys  # noqa: F401

    for order in sys.stdin:
        sys.stdout.write(f"{obey(order.strip())}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
