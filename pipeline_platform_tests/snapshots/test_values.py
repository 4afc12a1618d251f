"""Columns made at once hold what values made one by one hold, or are made one by one."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_platform.errors import Abort
from pipeline_platform.snapshots.frames import Frames
from pipeline_platform.snapshots.values import Misfit, exact
from pipeline_platform_tests.snapshots.stage import column, declared

KINDS = ["tinyint", "int", "bigint", "boolean", "double", "float", "decimal(6,2)", "decimal(38,5)"]
KINDS += ["string", "date", "timestamp", "binary"]
_ZONES = st.none() | st.just(UTC) | st.just(timezone(timedelta(hours=5, minutes=45)))
_VALUES = {
    "int": st.integers(-300, 300) | st.integers(-(2**65), 2**65),
    "bool": st.booleans(),
    "float": st.floats() | st.floats(width=32),
    "decimal": st.decimals(allow_nan=True, min_value=-99999, max_value=99999)
    | st.decimals(-9999, 9999, places=2)
    | st.sampled_from([Decimal("1.500000"), Decimal("1E+3"), Decimal("-0.00"), Decimal("1E-9")]),
    "str": st.sampled_from(["2024-02-30", "2024-02-29", "1.50", "", "2024-01-01T00:00:00Z", "é"]),
    "date": st.dates(),
    "datetime": st.datetimes(timezones=_ZONES),
    "bytes": st.binary(max_size=2),
}
_COLUMN = st.sampled_from(sorted(_VALUES)).flatmap(
    lambda kind: st.lists(st.none() | _VALUES[kind], max_size=4)
)


def one_by_one(kind: str, values: list[Any]) -> list[Any] | None:
    """The values in the type, or None where one does not fit."""
    convert = exact(column("v", kind).type)
    try:
        return [None if value is None else convert(value) for value in values]
    except Misfit:
        return None


@given(st.sampled_from(KINDS), _COLUMN)
def test_at_once_is_one_by_one(kind: str, values: list[Any]) -> None:
    table = declared("t", ["k"], column("k", "int"), column("v", kind))
    wanted = one_by_one(kind, values)
    chunk = {"k": list(range(len(values))), "v": values}
    if wanted is None:
        with pytest.raises(Abort, match=r"t\.v"):
            Frames(table).frame(chunk)
        return
    found = Frames(table).frame(chunk)["v"]
    assert found.equals(pl.Series("v", wanted, dtype=found.dtype), null_equal=True)
    if kind.startswith("decimal"):
        assert all(a == b for a, b in zip(found, values, strict=True) if isinstance(b, Decimal))


@pytest.mark.parametrize(
    ("kind", "value", "wanted"),
    [
        ("boolean", b"\x01", True),
        ("boolean", 0, False),
        ("decimal(4,2)", "1.5", Decimal("1.50")),
        ("decimal(4,2)", Decimal("12.3400"), Decimal("12.34")),
        ("bigint", Decimal("12.00"), 12),
        ("double", 3, 3.0),
        ("timestamp", "2024-01-01 10:00:00+05:30", datetime(2024, 1, 1, 4, 30, tzinfo=UTC)),
        ("timestamp", "2024-01-01T10:00:00.5", datetime(2024, 1, 1, 10, 0, 0, 500000, tzinfo=UTC)),
        (
            "timestamp",
            "2024-01-01 10:00:00.123456000Z",
            datetime(2024, 1, 1, 10, 0, 0, 123456, UTC),
        ),
    ],
)
def test_what_means_the_same_fits(kind: str, value: Any, wanted: Any) -> None:
    assert exact(column("v", kind).type)(value) == wanted
