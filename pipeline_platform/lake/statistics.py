"""Statistics of a Parquet file, from its footer, as Delta writes them."""

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

_LONGEST = 32  # characters of a string bound; a longer maximum is rounded up
_MILLISECOND = timedelta(milliseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def statistics_json(footer: pq.FileMetaData, schema: pa.Schema, unbounded: Collection[str]) -> str:
    """`numRecords`, `minValues`, `maxValues`, `nullCount` of the scalar columns.

    Columns in `unbounded` (a float column that holds NaN) get no bounds.
    """
    low: dict[str, Any] = {}
    high: dict[str, Any] = {}
    nulls: dict[str, int] = {}
    for index in range(footer.num_columns):
        name = footer.schema.column(index).path
        if "." in name or schema.get_field_index(name) < 0:
            continue
        found = [footer.row_group(n).column(index).statistics for n in range(footer.num_row_groups)]
        if all(s is not None and s.has_null_count for s in found):
            nulls[name] = sum(s.null_count for s in found)
        if name not in unbounded:
            _bound(name, schema.field(name).type, [s for s in found if s], low, high)
    body = {
        "numRecords": footer.num_rows,
        "minValues": low,
        "maxValues": high,
        "nullCount": nulls,
    }
    return msgspec.json.Encoder(decimal_format="number").encode(body).decode()


def _bound(
    name: str, kind: pa.DataType, found: list[Any], low: dict[str, Any], high: dict[str, Any]
) -> None:
    if pa.types.is_boolean(kind) or pa.types.is_binary(kind) or pa.types.is_nested(kind):
        return
    with_values = [s for s in found if s.num_values > 0]
    if not with_values or not all(s.has_min_max for s in with_values):
        return
    instants = pa.types.is_timestamp(kind)
    low[name] = _lower(min(_instant(s.min_raw) if instants else s.min for s in with_values))
    high[name] = _upper(max(_instant(s.max_raw) if instants else s.max for s in with_values))
    if high[name] is None:
        del high[name]


def _instant(microseconds: int) -> datetime:
    """(Arrow's own conversion imports pandas, which takes a third of a second.)"""
    return _EPOCH + timedelta(microseconds=microseconds)


def _lower(value: Any) -> Any:
    if isinstance(value, str):
        return value[:_LONGEST]
    if isinstance(value, datetime):
        return _iso(value)
    return value.isoformat() if isinstance(value, date) else value


def _upper(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= _LONGEST else _next(value[:_LONGEST])
    if isinstance(value, datetime):
        exact = value.microsecond % 1000 == 0
        return _iso(value if exact else value + _MILLISECOND)
    return value.isoformat() if isinstance(value, date) else value


def _iso(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _next(prefix: str) -> str | None:
    """The least string that is larger than every string with this prefix."""
    while prefix:
        last = ord(prefix[-1]) + 1
        if last <= 0x10FFFF:
            return prefix[:-1] + chr(0xE000 if last == 0xD800 else last)
        prefix = prefix[:-1]
    return None
