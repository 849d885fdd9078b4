"""Parameters as Prometheus reads them: from the address and the form, times and durations."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.http import QueryDict
from rest_framework.request import Request

from apps.errors import DomainError
from apps.observability.api import durations

LONGEST_WAIT = 300.0
USUAL_WAIT = 30.0
# Milliseconds in 64 bits are what Prometheus counts with.
MOST_SECONDS = 2**63 / 1000 - 1
_RFC3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?"
    r"(?:[Zz]|[+-][0-9]{2}:[0-9]{2})",
    re.ASCII,
)


class BadParameter(DomainError):
    code = "VALIDATION_FAILED"
    status = 400

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f'invalid parameter "{name}": {why}')


@dataclass(frozen=True, slots=True)
class Parameters:
    """What was sent; the form comes before the address, as in Prometheus."""

    form: Mapping[str, list[str]]
    address: Mapping[str, list[str]]

    @classmethod
    def of(cls, request: Request) -> "Parameters":
        form = request.data if isinstance(request.data, QueryDict) else QueryDict()
        return cls(dict(form.lists()), dict(request.query_params.lists()))

    def all(self, name: str) -> list[str]:
        return [*self.form.get(name, []), *self.address.get(name, [])]

    def text(self, name: str) -> str:
        return next(iter(self.all(name)), "")

    def moment(self, name: str, otherwise: float) -> float:
        """Return a time in seconds: a float, or RFC 3339."""
        text = self.text(name)
        if not text:
            return otherwise
        return self._moment(name, text)

    def _moment(self, name: str, text: str) -> float:
        if durations.NUMBER.fullmatch(text):
            seconds = float(text)
        elif _RFC3339.fullmatch(text):
            try:
                seconds = datetime.fromisoformat(text.upper()).timestamp()
            except ValueError:
                seconds = math.nan
        else:
            seconds = math.nan
        if not abs(seconds) < MOST_SECONDS:
            raise BadParameter(name, f'cannot parse "{text[:100]}" to a valid timestamp')
        return seconds

    def needed_moment(self, name: str) -> float:
        # Prometheus says the same of a time that is not there.
        return self._moment(name, self.text(name))

    def seconds(self, name: str, otherwise: float) -> float:
        """Return a duration in seconds: a float, or such as 1h30m."""
        text = self.text(name)
        if not text:
            return otherwise
        seconds = durations.read(text)
        if not abs(seconds) < MOST_SECONDS / 1000:
            raise BadParameter(name, f'cannot parse "{text[:100]}" to a valid duration')
        return seconds

    def wait(self) -> float:
        """Return how long the asker waits; as Prometheus, we have a longest time of our own."""
        wait = self.seconds("timeout", USUAL_WAIT)
        if wait <= 0:
            raise BadParameter("timeout", "it must be more than 0")
        return min(wait, LONGEST_WAIT)

    def lookback(self) -> float:
        delta = self.seconds("lookback_delta", 0)
        if self.text("lookback_delta") and delta <= 0:
            raise BadParameter("lookback_delta", "it must be more than 0")
        return delta

    def limit(self) -> int:
        """Return how many are wanted at most; 0 is as many as there are."""
        text = self.text("limit")
        if text and not re.fullmatch("[0-9]{1,18}", text, re.ASCII):
            raise BadParameter("limit", f'cannot parse "{text[:100]}" to a limit')
        return int(text or 0)
