"""One value after another: from JSON values and from text to a column's type."""

import base64
import binascii
import re
from collections.abc import Callable
from decimal import Context, Decimal, InvalidOperation
from math import isinf
from typing import Any

from pipeline_platform.contracts.stream import Column, UnknownFields
from pipeline_platform.contracts.types import INTEGERS, DataType
from pipeline_platform.contracts.verdicts import Reason
from pipeline_platform.errors import DeclarationError
from pipeline_platform.ingest.instants import (
    EPOCH_UNITS,
    date_reader,
    from_epoch,
    timestamp_reader,
)
from pipeline_platform.ingest.json_strict import Fault, Number, kind

Reader = Callable[[Any], Any]
"""From a JSON value (never null), or from text, to the stored value; raises Fault.

Timestamps are microseconds since 1970 UTC, dates days since 1970, decimals Decimal.
"""

INTEGER_TEXT = re.compile(r"-?[0-9]+")
NUMBER_TEXT = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_JSON_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
EXACT_INTEGER = {"double": 1 << 53, "float": 1 << 24}
FLOAT_MOST = 3.4028235677973366e38  # half an ulp above the largest float: rounds to infinity
_WIDE = Context(prec=80)


def json_reader(data_type: DataType, column: Column, unknown: UnknownFields) -> Reader:
    """The reader of JSON values for a column of `data_type` (the column's, or one within)."""
    name = data_type.name
    if name == "array" and data_type.element:
        return _array(json_reader(data_type.element, column, unknown))
    if name == "struct":
        readers = {n: json_reader(t, column, unknown) for n, t in data_type.fields}
        return _struct(readers, unknown)
    if name == "boolean":
        return _boolean
    if name in INTEGERS:
        return _typed(Number, integer(INTEGERS[name]), f"a whole number ({name})")
    if name in EXACT_INTEGER:
        return _typed(Number, floating(name), f"a number ({name})")
    if name == "decimal":
        return _decimal_json(decimal(data_type))
    if name == "timestamp" and column.format in EPOCH_UNITS:
        return _typed(Number, _epoch(EPOCH_UNITS[column.format]), f"a number ({column.format})")
    return _typed(str, text_reader(data_type, column), f"a string ({name})")


def text_reader(data_type: DataType, column: Column) -> Reader:
    """The reader of text (a CSV cell, a group of an expression)."""
    name, where = data_type.name, f"column {column.name}"
    if name == "string":
        return str
    if name == "boolean":
        return _boolean_text
    if name in INTEGERS:
        return integer(INTEGERS[name])
    if name in EXACT_INTEGER:
        return floating(name)
    if name == "decimal":
        return decimal(data_type)
    if name == "binary":
        return _binary
    if name == "date":
        return date_reader(column.format, where=where)
    if name == "timestamp":
        unit = EPOCH_UNITS.get(column.format)
        return _epoch(unit) if unit else timestamp_reader(column.format, column.zone, where=where)
    raise DeclarationError(
        f"a column of type {data_type} cannot be read from text",
        where=where,
        known="text holds scalars; arrays and structs come in JSON",
        remedy="declare the column as string, or land JSON",
    )


def integer(bits: int) -> Reader:
    """Whole numbers of `bits` bits; a point or an exponent is another type."""
    least, most = -(1 << bits - 1), (1 << bits - 1) - 1

    def read(text: str) -> int:
        if not INTEGER_TEXT.fullmatch(text):
            raise Fault(Reason.WRONG_TYPE, f"{_short(text)} is not a whole number")
        number = int(text) if len(text) < 1000 else most + 1
        if not least <= number <= most:
            raise Fault(Reason.OUT_OF_RANGE, f"{_short(text)} does not fit {bits} bits")
        return number

    return read


def floating(name: str) -> Reader:
    """Floating point numbers; whole ones only as far as they are held exactly."""
    exact, most = EXACT_INTEGER[name], FLOAT_MOST if name == "float" else float("inf")

    def read(text: str) -> float:
        if not NUMBER_TEXT.fullmatch(text):
            raise Fault(Reason.WRONG_TYPE, f"{_short(text)} is not a number")
        number = float(text)
        if isinf(number) or abs(number) >= most:
            raise Fault(Reason.OUT_OF_RANGE, f"{_short(text)} does not fit a {name}")
        whole = INTEGER_TEXT.fullmatch(text) is not None
        if whole and abs(number) >= exact and (len(text) > 20 or abs(int(text)) > exact):
            detail = f"a {name} cannot hold the whole number {_short(text)} exactly"
            raise Fault(Reason.OUT_OF_RANGE, detail)
        return number + 0.0 if whole else number

    return read


def decimal(data_type: DataType) -> Reader:
    """Decimal numbers that fit precision and scale without rounding."""
    precision, scale = data_type.precision, data_type.scale
    unit = Decimal(1).scaleb(-scale)

    def read(text: str) -> Decimal:
        if not NUMBER_TEXT.fullmatch(text):
            raise Fault(Reason.WRONG_TYPE, f"{_short(text)} is not a decimal number")
        try:
            number = Decimal(text)
            if not number:
                return Decimal(0).quantize(unit)
            if number.adjusted() >= precision - scale:
                raise InvalidOperation
            rounded = number.quantize(unit, context=_WIDE)
        except InvalidOperation:
            rounded = None
        if rounded is None or rounded != number:
            raise Fault(Reason.OUT_OF_RANGE, f"{_short(text)} does not fit {data_type} exactly")
        return rounded

    return read


def _typed(wanted: type, read: Reader, words: str) -> Reader:
    def typed(value: object) -> Any:
        if type(value) is not wanted:
            raise Fault(Reason.WRONG_TYPE, f"{words} was expected, not {_kind(value)}")
        return read(value)

    return typed


def _decimal_json(read: Reader) -> Reader:
    def typed(value: object) -> Any:
        if type(value) is not Number and type(value) is not str:
            raise Fault(Reason.WRONG_TYPE, f"a decimal number was expected, not {kind(value)}")
        if not _JSON_NUMBER.fullmatch(value):
            raise Fault(Reason.WRONG_TYPE, f"{_short(value)} is not a decimal number")
        return read(value)

    return typed


def _boolean(value: object) -> bool:
    if type(value) is not bool:
        raise Fault(Reason.WRONG_TYPE, f"true or false was expected, not {_kind(value)}")
    return value


def _boolean_text(text: str) -> bool:
    if text not in ("true", "false"):
        raise Fault(Reason.WRONG_TYPE, f"{_short(text)} is neither true nor false")
    return text == "true"


def _binary(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Fault(Reason.WRONG_TYPE, f"{_short(text)} is not base64") from None


def _epoch(unit: int) -> Reader:
    def read(text: str) -> int:
        if not INTEGER_TEXT.fullmatch(text):
            raise Fault(Reason.WRONG_TYPE, f"{_short(text)} is not a whole number")
        return from_epoch(int(text) if len(text) < 1000 else 1 << 70, unit)

    return read


def _array(read: Reader) -> Reader:
    def items(value: object) -> list[Any]:
        if type(value) is not list:
            raise Fault(Reason.WRONG_TYPE, f"an array was expected, not {_kind(value)}")
        return [_inside(read, item, f"[{at}]") for at, item in enumerate(value)]

    return items


def _struct(readers: dict[str, Reader], unknown: UnknownFields) -> Reader:
    def members(value: object) -> dict[str, Any]:
        if type(value) is not dict:
            raise Fault(Reason.WRONG_TYPE, f"an object was expected, not {_kind(value)}")
        if unknown == "refuse":
            for name in value:
                if name not in readers:
                    raise Fault(Reason.UNKNOWN_FIELD, f"the field {name!r} is not in the struct")
        return {n: _inside(read, value.get(n), f".{n}") for n, read in readers.items()}

    return members


def _inside(read: Reader, value: object, path: str) -> Any:
    if value is None:
        return None
    try:
        return read(value)
    except Fault as fault:
        raise Fault(fault.reason, f"at {path}: {fault.detail}") from None


def _kind(value: object) -> str:
    return f"{kind(value)} ({_short(value)})" if isinstance(value, str) else kind(value)


def _short(text: str) -> str:
    return repr(str(text[:60])) + ("..." if len(text) > 60 else "")
