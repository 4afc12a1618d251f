"""Exact sums of numbers: as integers in several words, rounded once at the end."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline_platform.errors import StatementFailed
from pipeline_platform.features.search import Bools, Ints

_WORD = 32  # bits; 2**31 such words add up within int64
_MASK = (1 << _WORD) - 1
_MANTISSA, _LARGEST_POWER = 53, 1023  # of a double
_ROOM = 62  # bits of an int64 that a sum may take


@dataclass(frozen=True)
class Addends:
    """Numbers as whole multiples of 2**`exponent`: sum over w of `words[w]` * 2**(32 w).

    `odd` are 0/1 columns for NaN, infinity and minus infinity, empty when there are none;
    these numbers and NULLs are 0 in the words. `scale` is that of decimals.
    """

    words: list[Ints]
    odd: list[Ints]
    exponent: int
    scale: int

    @property
    def columns(self) -> list[Ints]:
        """What has to be added up, each as int64."""
        return [*self.words, *self.odd]


def addends(numbers: pl.Series) -> Addends:
    """The numbers (integers, decimals, floats) ready to be added in any order."""
    kind = numbers.dtype
    if isinstance(kind, pl.Decimal):
        return Addends(_decimal_words(numbers), [], 0, kind.scale)
    if kind.is_float():
        return _of_doubles(numbers.cast(pl.Float64).fill_null(0.0).to_numpy())
    return Addends(_whole_words(numbers.cast(pl.Int64).fill_null(0).to_numpy()), [], 0, 0)


def _whole_words(numbers: Ints) -> list[Ints]:
    if _fits(_largest(numbers), len(numbers)):
        return [numbers]
    return [numbers & _MASK, numbers >> _WORD]


def _decimal_words(numbers: pl.Series) -> list[Ints]:
    units = pl.DataFrame({"units": numbers.to_physical().fill_null(0)})
    words = []
    for place in range(4):
        rest = pl.col("units") // (1 << _WORD * place)
        word = rest if place == 3 else rest % (1 << _WORD)
        words.append(units.select(word.cast(pl.Int64)).to_series().to_numpy())
    return words


def _of_doubles(numbers: NDArray[np.float64]) -> Addends:
    finite = np.isfinite(numbers)
    odd: list[Ints] = []
    if not finite.all():
        tests = (np.isnan(numbers), np.isposinf(numbers), np.isneginf(numbers))
        odd = [test.astype(np.int64) for test in tests]
        numbers = np.where(finite, numbers, 0.0)
    fraction, power = np.frexp(numbers)
    mantissa = np.ldexp(np.abs(fraction), _MANTISSA).astype(np.int64)
    power = power.astype(np.int64) - _MANTISSA
    used = mantissa != 0
    if not used.any():
        return Addends([mantissa], odd, 0, 0)
    lowest = np.frexp((mantissa & -mantissa).astype(np.float64))[1] - 1 + power
    exponent = int(lowest[used].min())
    offset = np.where(used, power - exponent, 0)
    width = int(offset[used].max()) + _MANTISSA
    sign = np.where(numbers < 0, -1, 1)
    if _fits(1 << width, len(numbers)):
        return Addends([sign * _shifted(mantissa, offset)], odd, exponent, 0)
    count = -(-width // _WORD)
    words = [sign * (_shifted(mantissa, offset - _WORD * n) & _MASK) for n in range(count)]
    return Addends(words, odd, exponent, 0)


def _shifted(mantissa: Ints, left: Ints) -> Ints:
    """Bits moved left, or right where negative; bits beyond int64 are lost."""
    up = np.where((left >= 0) & (left < 64), mantissa << np.clip(left, 0, 63), 0)
    return np.where(left < 0, mantissa >> np.clip(-left, 0, 63), up)


def _largest(numbers: Ints) -> int:
    return max(abs(int(numbers.max())), abs(int(numbers.min()))) if len(numbers) else 0


def _fits(largest: int, rows: int) -> bool:
    return largest.bit_length() + rows.bit_length() <= _ROOM


def summed(given: Addends, totals: Sequence[Ints], kind: pl.DataType, *, where: str) -> pl.Series:
    """The sums of windows from the totals of `given.columns`: `kind` Int64, Float64, Decimal.

    Doubles are rounded once, ties to even. StatementFailed when a sum does not fit `kind`.
    """
    whole = _whole(totals[: len(given.words)])
    if kind.is_float():
        rounded = _doubles(whole, given.exponent)
        return pl.Series(_with_odd(rounded, totals[len(given.words) :]), dtype=pl.Float64)
    limit = 10**38 if isinstance(kind, pl.Decimal) else 1 << 63
    if len(whole) and not all(-limit <= value < limit for value in (whole.min(), whole.max())):
        raise StatementFailed(
            f"a sum does not fit {kind}",
            where=where,
            known=f"sums from {whole.min()} to {whole.max()}",
            remedy="cast the expression to double",
        )
    if isinstance(kind, pl.Decimal):
        return pl.Series([Decimal(f"{v}E-{given.scale}") for v in whole], dtype=kind)
    return pl.Series(whole.astype(np.int64))


def averaged(given: Addends, totals: Sequence[Ints], counts: Ints) -> pl.Series:
    """The means as doubles, rounded once; NULL where `counts` is 0."""
    whole, some = _whole(totals[: len(given.words)]), counts > 0
    means = np.zeros(len(counts))
    if whole.dtype != object and not given.scale and _is_double(whole, given.exponent):
        means[some] = np.ldexp(whole[some].astype(np.float64), given.exponent) / counts[some]
    else:
        parts = counts[some].astype(object) * 10**given.scale
        means[some] = _quotients(whole[some].astype(object), parts, given.exponent)
    means = _with_odd(means, totals[len(given.words) :])
    return pl.DataFrame({"mean": means, "some": some}).select(pl.when("some").then("mean"))["mean"]


def _is_double(whole: NDArray[Any], exponent: int) -> bool:
    """Whether every sum is a double as it stands."""
    return _largest(whole) < 1 << _MANTISSA and exponent + _MANTISSA <= _LARGEST_POWER


def _whole(words: Sequence[Ints]) -> NDArray[Any]:
    """The words as one number each: int64, or Python's integers."""
    if len(words) == 1:
        return words[0]
    total = np.zeros(len(words[0]), object)
    for place, word in enumerate(words):
        total += word.astype(object) << (_WORD * place)
    return total


def _doubles(whole: NDArray[Any], exponent: int) -> NDArray[np.float64]:
    if whole.dtype == object:
        return _quotients(whole, np.ones(len(whole), object), exponent)
    with np.errstate(over="ignore"):
        return np.ldexp(whole.astype(np.float64), exponent)


def _quotients(
    above: NDArray[np.object_], below: NDArray[np.object_], exponent: int
) -> NDArray[np.float64]:
    """above * 2**exponent / below: Python divides integers with one rounding."""
    above, below = above << max(0, exponent), below << max(0, -exponent)
    pairs = zip(above.tolist(), below.tolist(), strict=True)
    return np.fromiter((_quotient(a, b) for a, b in pairs), np.float64, len(above))


def _quotient(above: int, below: int) -> float:
    try:
        return above / below
    except OverflowError:
        return float("inf") if above > 0 else float("-inf")


def _with_odd(sums: NDArray[np.float64], odd: Sequence[Ints]) -> NDArray[np.float64]:
    if not odd:
        return sums
    nan, up, down = (column > 0 for column in odd)
    unknown: Bools = nan | (up & down)
    return np.where(unknown, np.nan, np.where(up, np.inf, np.where(down, -np.inf, sums)))
