"""What a pod belongs to, by its name: Kubernetes makes up the ends of names by rules of its own."""

import re

# The letters of made-up ends have no vowel, so that they never read as a word.
_MADE_UP = "[bcdfghjklmnpqrstvwxz2456789]"
_END = re.compile(rf"-{_MADE_UP}{{5}}\Z")
_HASH = re.compile(rf"-{_MADE_UP}{{8,10}}\Z")
_NUMBER = re.compile(r"-[0-9]{1,5}\Z")


def owner_of(pod: str) -> str:
    """Return the name of the Deployment, StatefulSet, Job or the like; of a lone pod its own.

    Deployment: name-hash-xxxxx; DaemonSet and Job: name-xxxxx, an indexed Job's: name-0-xxxxx;
    StatefulSet: name-0. A hash is only looked for before an end that was made up.
    """
    name = _END.sub("", pod)
    if name == pod:
        return _NUMBER.sub("", pod) or pod
    shorter = _HASH.sub("", name)
    return (shorter if shorter != name else _NUMBER.sub("", name)) or pod
