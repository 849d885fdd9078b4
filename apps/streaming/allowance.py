"""How many messages one socket may send: a burst at once, then so many a second."""


class Allowance:
    """A bucket that fills by itself. Each message takes one out of it."""

    def __init__(self, burst: int, per_second: float, now: float) -> None:
        self._burst = burst
        self._per_second = per_second
        self._left = float(burst)
        self._counted_at = now

    def take(self, now: float) -> bool:
        """Tell whether one more message may come at `now`."""
        filled = self._left + (now - self._counted_at) * self._per_second
        self._left, self._counted_at = min(filled, self._burst), now
        if self._left < 1:
            return False
        self._left -= 1
        return True
