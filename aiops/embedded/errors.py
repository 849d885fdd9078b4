"""The one refusal of this package: a sentence for the person at the terminal."""


class EmbeddedError(Exception):
    """What happened and what to do next; shown as it is, without a traceback."""
