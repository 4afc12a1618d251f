"""Rows as JSON: what a number of JavaScript cannot hold is text."""

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    import polars as pl

EXACT = 2**53  # the integers that every reader of JSON holds exactly
_encoder = msgspec.json.Encoder()


def encode(value: Any) -> bytes:
    """JSON: timestamps ISO 8601 in UTC with Z, binary base64, decimals text, NaN null."""
    return _encoder.encode(value)


def rows(frame: "pl.DataFrame") -> list[dict[str, Any]]:
    """Rows for `encode`; an integer beyond 2^53 is text, also inside of nested values."""
    wide = [name for name, kind in frame.schema.items() if _may_be_wide(kind, frame[name])]
    found = frame.to_dicts()
    for row in found if wide else ():
        for name in wide:
            row[name] = _narrow(row[name])
    return found


def _may_be_wide(kind: "pl.DataType", column: "pl.Series") -> bool:
    import polars as pl

    if kind.is_nested():
        return True
    return kind == pl.Int64 and not bool(column.is_between(-EXACT, EXACT).all())


def _narrow(value: Any) -> Any:
    match value:
        case bool():
            return value
        case int():
            return value if -EXACT <= value <= EXACT else str(value)
        case list():
            return [_narrow(one) for one in value]
        case dict():
            return {name: _narrow(one) for name, one in value.items()}
    return value
