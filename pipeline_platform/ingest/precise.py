"""The judge that looks at one row after another and names the first fault."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from pipeline_platform.contracts.stream import Column, StreamContract
from pipeline_platform.contracts.verdicts import Reason
from pipeline_platform.ingest.frames import Judged, RowFrames
from pipeline_platform.ingest.json_strict import Fault, canonical, parse_object
from pipeline_platform.ingest.values import Reader, json_reader, text_reader

RowReader = Callable[[bytes], list[Any]]
"""From the bytes of a row to the values of the frame's columns; raises Fault."""


def judge_rows(frames: RowFrames, read: RowReader, rows: Iterable[tuple[int, bytes]]) -> Judged:
    """Verdicts on rows, given with their places."""
    places, accepted, faults = list[int](), list[list[Any]](), list[tuple[int, Fault]]()
    for place, row in rows:
        try:
            accepted.append(read(row))
            places.append(place)
        except Fault as fault:
            faults.append((place, fault))
    return Judged(frames.of(accepted), np.array(places, np.int64), faults)


def json_row_reader(contract: StreamContract) -> RowReader:
    """The reader of JSON rows.

    The first fault in this order is named: those of `parse_object`; the first unknown
    field; then, by the contract's order of columns, absent, null, type, range.
    """
    unknown = contract.unknown_fields
    columns = [(c, c.field, json_reader(c.data_type, c, unknown)) for c in contract.columns]
    known = {c.field for c in contract.columns}

    def read(row: bytes) -> list[Any]:
        members = parse_object(row)
        extra = members.keys() - known if len(members) > len(known & members.keys()) else ()
        if extra and unknown == "refuse":
            name = next(n for n in members if n not in known)
            raise Fault(Reason.UNKNOWN_FIELD, f"the field {name!r} is not in the contract")
        values = [_value(c, r, members.get(f), f in members) for c, f, r in columns]
        if unknown == "keep":
            values.append(canonical({n: members[n] for n in extra}) if extra else None)
        return values

    return read


def cell_readers(contract: StreamContract) -> list[tuple[Column, Reader]]:
    """Each column with its reader of text."""
    return [(c, text_reader(c.data_type, c)) for c in contract.columns]


def cell_value(column: Column, read: Reader, text: str | None, present: bool) -> Any:
    """The value of one cell, None for NULL; Fault names the column."""
    return _value(column, read, text, present)


def _value(column: Column, read: Reader, value: Any, present: bool) -> Any:
    if value is None:
        if column.nullable:
            return None
        if present:
            raise Fault(Reason.NULL, f"{column.field!r} is required and null", column.name)
        raise Fault(Reason.MISSING, f"{column.field!r} is required and absent", column.name)
    try:
        return read(value)
    except Fault as fault:
        raise Fault(fault.reason, f"{column.field!r}: {fault.detail}", column.name) from None
