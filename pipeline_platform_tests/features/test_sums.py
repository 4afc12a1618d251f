"""Sums are exact, rounded once, whatever numbers come."""

import math
import sys
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import polars as pl
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline_platform.features.sums import addends, averaged, summed

LARGEST = sys.float_info.max
EXTREME = [LARGEST, -LARGEST, 2.0**1023, 5e-324, -5e-324, 2.0**-1022, 0.1, 1e16, -0.0]
doubles = st.floats(allow_nan=False, allow_infinity=False)
longs = st.integers(-(2**63), 2**63 - 1)
decimals = st.decimals(min_value=-(10**24), max_value=10**24, places=3)


def added(series: pl.Series, kind: pl.DataType) -> tuple[Any, Any]:
    """Sum and mean of the whole series, by adding up each word."""
    given_ = addends(series)
    totals = [np.array([column.sum()]) for column in given_.columns]
    counts = np.array([len(series)])
    return summed(given_, totals, kind, where="x")[0], averaged(given_, totals, counts)[0]


def rounded(exact: Fraction) -> float:
    try:
        return float(exact)
    except OverflowError:
        return math.inf if exact > 0 else -math.inf


@settings(max_examples=400)
@given(st.lists(doubles | st.sampled_from(EXTREME), min_size=1))
@example([LARGEST / 2 + 1e292, LARGEST / 2 + 1e292])
def test_doubles(numbers: list[float]) -> None:
    exact = sum(map(Fraction, numbers), Fraction(0))
    found = added(pl.Series(numbers, dtype=pl.Float64), pl.Float64())
    assert found == (rounded(exact), rounded(exact / len(numbers)))


@given(st.lists(longs, min_size=1))
def test_integers(numbers: list[int]) -> None:
    total = sum(numbers)
    if -(2**63) <= total < 2**63:
        found = added(pl.Series(numbers, dtype=pl.Int64), pl.Int64())
        assert found == (total, rounded(Fraction(total, len(numbers))))


@given(st.lists(decimals, min_size=1, max_size=20))
def test_decimals(numbers: list[Decimal]) -> None:
    found, mean = added(pl.Series(numbers, dtype=pl.Decimal(28, 3)), pl.Decimal(38, 3))
    exact = sum(map(Fraction, numbers), Fraction(0))
    assert Fraction(found) == exact
    assert mean == rounded(exact / len(numbers))
