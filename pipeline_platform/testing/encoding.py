"""Rows written as an object of a stream, in the stream's own format."""

import csv
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO
from typing import Any

import msgspec

from pipeline_platform.contracts.stream import Column, StreamContract
from pipeline_platform.contracts.windows import instant
from pipeline_platform.errors import Abort

_UNITS = {"epoch_s": 1, "epoch_ms": 1_000, "epoch_us": 1_000_000}
_JSON = msgspec.json.Encoder(decimal_format="number")


def encoded(contract: StreamContract, rows: Sequence[Mapping[str, Any]]) -> bytes:
    """The rows as bytes of one object; keys are fields of the object or columns.

    Dates and instants are written as the column says. Values are not checked: what is wrong
    with them is for the contract to find. Abort for the format `text`.
    """
    written = [_written(contract, row) for row in rows]
    if contract.landing.format == "text":
        raise Abort(
            "rows cannot be written in the format text",
            where=f"stream {contract.name}",
            known=f"its pattern is {contract.landing.pattern!r}",
            remedy="give the lines themselves: objects=['first line\\nsecond line\\n']",
        )
    if contract.landing.format == "csv":
        return _csv(contract, written)
    return b"".join(_JSON.encode(row) + b"\n" for row in written)


def _written(contract: StreamContract, row: Mapping[str, Any]) -> dict[str, Any]:
    fields = {column.field: column for column in contract.columns}
    names = {column.name: column for column in contract.columns}
    found: dict[str, Any] = {}
    for key, value in row.items():
        column = fields.get(key) or names.get(key)
        found[column.field if column else key] = _value(value, column)
    return found


def _value(value: Any, column: Column | None) -> Any:
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if isinstance(value, date):
        return _moment(value, column.format if column else "")
    return value


def _moment(value: date, form: str) -> Any:
    if not form:
        return value.isoformat()
    if form not in _UNITS:
        return value.strftime(form)
    whole = value if isinstance(value, datetime) else instant(value)
    aware = whole.replace(tzinfo=UTC) if whole.tzinfo is None else whole
    return int(Decimal(str(aware.timestamp())) * _UNITS[form])


def _csv(contract: StreamContract, rows: Sequence[Mapping[str, Any]]) -> bytes:
    landing = contract.landing
    names = dict.fromkeys(name for row in rows for name in row)
    null = landing.null_values[0] if landing.null_values else ""
    text = StringIO()
    writer = csv.writer(
        text, delimiter=landing.delimiter, quotechar=landing.quote, lineterminator="\n"
    )
    writer.writerow(names)
    for row in rows:
        writer.writerow([_cell(row.get(name), null) for name in names])
    return text.getvalue().encode()


def _cell(value: Any, null: str) -> Any:
    if value is None:
        return null
    return str(value).lower() if isinstance(value, bool) else value
