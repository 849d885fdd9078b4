"""The one refusal of this package: a sentence for the person at the terminal."""

import errno

_REMEDIES = {
    errno.ENOSPC: "Make room, or set AIOPS_VAR_DIR to a folder on another disk.",
    errno.EDQUOT: "Make room, or set AIOPS_VAR_DIR to a folder on another disk.",
    errno.EROFS: "Set AIOPS_VAR_DIR to a folder that can be written.",
    errno.EACCES: "Set AIOPS_VAR_DIR to a folder of your own.",
    errno.EPERM: "Set AIOPS_VAR_DIR to a folder of your own.",
    errno.ENOTDIR: "Set AIOPS_VAR_DIR to a folder.",
}


class EmbeddedError(Exception):
    """What happened and what to do next; shown as it is, without a traceback."""


def explain(error: OSError) -> str:
    """Return a sentence for what the person's machine refuses, "" for what is our own mistake."""
    remedy = _REMEDIES.get(error.errno or 0)
    return f"{error.strerror}: {error.filename or 'a file'}. {remedy}" if remedy else ""
