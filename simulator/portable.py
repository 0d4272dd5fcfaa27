"""Arithmetic that gives the same bits on every machine: exponential, logarithm, sine and cosine.

The C library's own versions differ in the last bit between machines (glibc picks another one where the processor has
fused multiply-add), and one bit moves a tip. Here only sums, products, quotients and square roots of floats are used,
which IEEE 754 rounds everywhere alike. The error is a few units in the last place.
"""

from __future__ import annotations

import math

PI = 3.141592653589793
_LN2_HIGH, _LN2_LOW = 0.693147180369123816490, 1.90821492927058770002e-10  # their sum is ln 2; the first has few bits
_SQRT_HALF = 0.7071067811865476
_EXP = [1.0 / math.factorial(n) for n in range(15, -1, -1)]
_ATANH = [1.0 / (2 * n + 1) for n in range(12, -1, -1)]
_SINE = [(-1.0) ** n / math.factorial(2 * n + 1) for n in range(11, -1, -1)]


def exp(x: float) -> float:
    """Return e to the power of x."""
    halvings = math.floor(x / (_LN2_HIGH + _LN2_LOW) + 0.5)
    rest = (x - halvings * _LN2_HIGH) - halvings * _LN2_LOW
    return math.ldexp(_polynomial(_EXP, rest), halvings)


def log(x: float) -> float:
    """Return the natural logarithm of x > 0, by the series of the inverse hyperbolic tangent."""
    part, halvings = math.frexp(x)
    if part < _SQRT_HALF:
        part, halvings = part * 2.0, halvings - 1
    z = (part - 1.0) / (part + 1.0)
    return (2.0 * z * _polynomial(_ATANH, z * z) + halvings * _LN2_LOW) + halvings * _LN2_HIGH


def power(base: float, exponent: float) -> float:
    """Return base > 0 to any power."""
    return exp(exponent * log(base))


def cos_turn(turns: float) -> float:
    """Return the cosine of so many whole turns: 0.25 is a right angle."""
    return sin_turn(turns + 0.25)


def sin_turn(turns: float) -> float:
    """Return the sine of so many whole turns, by its series within a quarter turn."""
    part = turns - math.floor(turns)
    if part > 0.75:
        part -= 1.0
    elif part > 0.25:
        part = 0.5 - part
    x = part * 2.0 * PI
    return x * _polynomial(_SINE, x * x)


def _polynomial(coefficients: list[float], x: float) -> float:
    total = 0.0
    for coefficient in coefficients:
        total = total * x + coefficient
    return total
