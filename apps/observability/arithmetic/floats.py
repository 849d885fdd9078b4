"""Floats as Go has them, and so Prometheus: Python raises where Go gives Inf or NaN."""

import math
from collections.abc import Callable, Sequence
from decimal import Decimal

Function = Callable[[float], float]

# Below and above these, values (not label values) are printed with an exponent.
SMALLEST_PLAIN, LARGEST_PLAIN = 1e-6, 1e21


def divide(a: float, b: float) -> float:
    if b:
        return a / b
    if math.isnan(b) or math.isnan(a) or not a:
        return math.nan
    return math.copysign(math.inf, a) * math.copysign(1, b)


def modulo(a: float, b: float) -> float:
    """Return the remainder with the sign of `a`."""
    if not b or math.isinf(a):
        return math.nan
    return math.fmod(a, b)


def power(a: float, b: float) -> float:
    try:
        return math.pow(a, b)
    except OverflowError:
        return -math.inf if a < 0 and math.fmod(b, 2) else math.inf
    except ValueError:
        # A root of a negative number, or the reciprocal of zero.
        if a:
            return math.nan
        return math.copysign(math.inf, a) if math.fmod(b, 2) in {1.0, -1.0} else math.inf


def lesser(a: float, b: float) -> float:
    """NaN if either is; -0 is less than 0. Infinity is looked at first, as Go does."""
    if -math.inf in {a, b}:
        return -math.inf
    if math.isnan(a) or math.isnan(b):
        return math.nan
    if a == b == 0:
        return a if math.copysign(1, a) < 0 else b
    return min(a, b)


def greater(a: float, b: float) -> float:
    return -lesser(-a, -b)


def total(values: Sequence[float]) -> float:
    """Return the sum, in which nothing is lost by rounding on the way."""
    try:
        return math.fsum(values)
    except (OverflowError, ValueError):
        # Infinities of both signs, or a sum beyond the largest float.
        return _compensated(values)


def _compensated(values: Sequence[float]) -> float:
    """Sum by Kahan and Neumaier, as Prometheus does: what rounding loses is added at the end."""
    whole, lost = 0.0, 0.0
    for value in values:
        grown = whole + value
        if math.isinf(grown):
            lost = 0.0
        elif abs(whole) >= abs(value):
            lost += (whole - grown) + value
        else:
            lost += (value - grown) + whole
        whole = grown
    return whole + lost


def smallest(values: Sequence[float]) -> float:
    """Return the least; NaN only where there is nothing else."""
    return min(_numbers(values), default=math.nan)


def largest(values: Sequence[float]) -> float:
    return max(_numbers(values), default=math.nan)


def _numbers(values: Sequence[float]) -> Sequence[float]:
    # NaN is rare, and a look in C far quicker than a comparison of each in Python.
    if not any(map(math.isnan, values)):
        return values
    return [value for value in values if not math.isnan(value)]


def whole(rounding: Callable[[float], int]) -> Function:
    """Return ceil or floor, which keep infinities, NaN and the sign of zero."""

    def rounded(value: float) -> float:
        if not math.isfinite(value):
            return value
        return math.copysign(float(rounding(value)), value) if value else value

    return rounded


ceil, floor = whole(math.ceil), whole(math.floor)


def nearest(value: float, inverse: float) -> float:
    """Round to multiples of 1/inverse, halves up."""
    return divide(floor(value * inverse + 0.5), inverse)


def sign(value: float) -> float:
    if value > 0:
        return 1.0
    return -1.0 if value < 0 else value


def logarithm(base: Function) -> Function:
    def of(value: float) -> float:
        if not value:
            return -math.inf
        return math.nan if value < 0 else base(value)

    return of


def lenient(function: Function, *, odd: bool = False) -> Function:
    """Return NaN outside the function's domain and Inf beyond the largest float."""

    def of(value: float) -> float:
        try:
            return function(value)
        except ValueError:
            return math.nan
        except OverflowError:
            return math.copysign(math.inf, value) if odd else math.inf

    return of


def inverse_hyperbolic_tangent(value: float) -> float:
    if abs(value) == 1:
        return math.copysign(math.inf, value)
    return lenient(math.atanh)(value)


def plain(value: float) -> str:
    """Print without an exponent: the shortest digits that read back as the same float."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    text = repr(value)
    if "e" in text:
        text = format(Decimal(text), "f")
    return text.removesuffix(".0")


def printed(value: float) -> str:
    """Print a sample as Prometheus' JSON has it: very large and very small with an exponent."""
    size = abs(value)
    if size and not SMALLEST_PLAIN <= size < LARGEST_PLAIN and math.isfinite(value):
        return repr(value)
    return plain(value)
