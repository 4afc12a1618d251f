"""Seven rows with NULLs and edges, as a Polars frame and as Spark SQL."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl

from pipeline_platform.contracts.types import DataType
from pipeline_platform.sql.values import dtype

COLUMNS = {
    "i": "int", "j": "int", "n": "bigint", "m": "smallint", "x": "double", "y": "double",
    "s": "string", "t": "string", "b": "boolean", "c": "boolean", "d": "date", "e": "date",
    "ts": "timestamp", "us": "timestamp", "amt": "decimal(10,2)", "arr": "array<int>",
    "st": "struct<a:int,b:string>",
}  # fmt: skip
TYPES = {name: DataType.parse(kind) for name, kind in COLUMNS.items()}


def at(*parts: int) -> datetime:
    """An instant in UTC."""
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


_CELLS: list[tuple[Any, ...]] = [
    (1, 2, 1, 3, 1.5, 2.5, "abc", "b", True, False, date(2013, 1, 1), date(2013, 1, 31),
     at(2013, 1, 1, 5), at(2013, 1, 1, 6, 30, 15, 250000), Decimal("1.50"), [1, 2],
     {"a": 1, "b": "xy"}),
    (None,) * len(COLUMNS),
    (-7, 3, 9007199254740993, -5, -0.0, 0.0, "", "", False, None, date(1969, 12, 31),
     date(2000, 2, 29), at(1969, 12, 31, 23, 59, 59, 999999), at(1900, 1, 1, 0, 0, 0, 1),
     Decimal("-0.01"), [], {"a": None, "b": None}),
    (100000, -2, -123456789012, 300, float("nan"), 1.0, "a%c", "a", None, False,
     date(2012, 2, 29), date(2012, 3, 1), at(2012, 2, 29, 12, 30), at(2013, 2, 28, 12, 30),
     Decimal("99999999.99"), [None], {"a": 5, "b": "x"}),
    (2, 2, 10**12, 12, 1e300, -1e300, "  ab c ", "ab", True, True, date(2013, 12, 30),
     date(2013, 12, 30), at(2013, 12, 30, 23, 59, 59), at(2013, 12, 30, 23, 59, 59),
     Decimal("2.00"), [1, None, 3], {"a": -1, "b": "é"}),
    (None, 5, None, -1, float("inf"), float("nan"), "é😀_Ü", None, None, None, None,
     date(2020, 1, 1), None, at(2020, 1, 1), None, None, None),
    (5, None, 0, 0, 0.1, None, "x12", "x", False, True, date(9999, 1, 1), None,
     at(2100, 6, 15, 13, 45, 7, 1), None, Decimal("0"), [7], {"a": 0, "b": ""}),
]  # fmt: skip
ROWS = [dict(zip(COLUMNS, cells, strict=True)) for cells in _CELLS]


def frame() -> pl.DataFrame:
    """The rows with the contract's Polars types."""
    return pl.DataFrame(
        {
            name: pl.Series(name, [row[name] for row in ROWS], dtype=dtype(kind))
            for name, kind in TYPES.items()
        }
    )


def relation() -> str:
    """The rows as a query whose column `position` orders them."""
    selects = []
    for position, row in enumerate(ROWS):
        cells = [f"{literal(row[name], kind)} AS {name}" for name, kind in COLUMNS.items()]
        selects.append(f"SELECT {position} AS position, {', '.join(cells)}")
    return f"SELECT * FROM ({' UNION ALL '.join(selects)}) ORDER BY position"


def literal(value: Any, kind: str) -> str:
    """A value in Spark SQL."""
    if value is None:
        return f"CAST(NULL AS {kind})"
    if kind == "string":
        return "'" + value.replace("'", "\\'") + "'"
    if kind == "timestamp":
        return f"TIMESTAMP'{value:%Y-%m-%d %H:%M:%S.%f}'"
    if kind == "array<int>":
        items = ["NULL" if item is None else str(item) for item in value]
        return f"CAST(array({', '.join(items)}) AS {kind})"
    if kind.startswith("struct"):
        return (
            f"named_struct('a', {literal(value['a'], 'int')}, 'b', {literal(value['b'], 'string')})"
        )
    return f"CAST('{value}' AS {kind})"
