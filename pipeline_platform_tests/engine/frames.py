"""The input rows that every engine is asked about: nulls, ties, zones, extremes."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa

_INSTANT = pa.timestamp("us", tz="UTC")


def _events() -> pa.Table:
    schema = pa.schema(
        [
            pa.field("id", pa.int64(), nullable=False),
            ("kind", pa.string()),
            ("day", pa.date32()),
            ("at", _INSTANT),
            ("amount", pa.decimal128(10, 2)),
            ("score", pa.float64()),
            ("small", pa.int32()),
            ("flag", pa.bool_()),
            ("tags", pa.list_(pa.field("element", pa.string()))),
            ("place", pa.struct([("city", pa.string()), ("floor", pa.int32())])),
        ]
    )
    rows = [
        (1, "a", 1, (1, 1, 5, 0, 0, 0), "10.50", 1.5, 3, True, ["x", "y"], ("Oslo", 1)),
        (2, "a", 1, (3, 10, 6, 59, 59, 999999), "-3.25", -0.0, -7, False, [], ("Rom", None)),
        (3, "b", 2, (3, 10, 7, 0, 0, 0), None, float("nan"), None, None, None, None),
        (4, "b", 2, (11, 3, 5, 30, 0, 1), "0.00", None, 0, True, ["y", None], (None, 2)),
        (5, None, 3, (11, 3, 6, 30, 0, 0), "99999999.99", 2.0, 2147483647, False, ["z"], ("x", 0)),
        (6, "Ä ß", 3, None, "10.50", 1.5, -2147483648, None, ["x"], ("Oslo", 1)),
        (7, "", None, (12, 31, 23, 59, 59, 500000), "0.01", 1e-300, 1, True, ["a", "a"], None),
        (8, "it's", 4, (2, 28, 12, 0, 0, 0), "-0.01", 1e300, 5, False, None, ("Rom", 3)),
    ]
    columns = list(zip(*rows, strict=True))
    columns[2] = [n and date(2013, 1, n) for n in columns[2]]
    columns[3] = [t and datetime(2013, *t, tzinfo=UTC) for t in columns[3]]
    columns[4] = [t and Decimal(t) for t in columns[4]]
    columns[9] = [p and {"city": p[0], "floor": p[1]} for p in columns[9]]
    arrays = [pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)]
    return pa.table(arrays, schema=schema)


def _kinds() -> pa.Table:
    return pa.table(
        {
            "kind": pa.array(["a", "b", "b", None, "c"]),
            "name": pa.array(["Alpha", "Beta", "Bravo", "Nothing", "Gamma"]),
        }
    )


FRAMES = {"events": _events(), "kinds": _kinds()}
