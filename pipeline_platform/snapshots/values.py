"""A driver's values as exactly the declared type, or refused; one at a time."""

import re
import struct
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from pipeline_platform.contracts.types import INTEGERS, DataType

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_INSTANT = re.compile(
    r"(\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2})(?:\.(\d{1,6})0*)?(Z|[+-]\d{2}(?::?\d{2})?)?"
)
_NUMBER = re.compile(r"[+-]?\d{1,60}(\.\d{1,60})?")


class Misfit(Exception):
    """A value that the declared type does not hold; the text never holds the value."""


Exact = Callable[[Any], Any]


def exact(kind: DataType) -> Exact:
    """The function that gives a value (not None) in the type, or raises Misfit."""
    if kind.name in INTEGERS:
        return _integer(INTEGERS[kind.name])
    if kind.name == "decimal":
        return _decimal(kind.precision, kind.scale)
    return _SCALARS[kind.name]


def _misfit(value: Any, but: str = "") -> Misfit:
    return Misfit(f"{type(value).__name__}{f' {but}' if but else ''}")


def _integer(bits: int) -> Exact:
    limit = 1 << (bits - 1)

    def integer(value: Any) -> int:
        if isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise _misfit(value)
        if not -limit <= value < limit:
            raise _misfit(value, f"beyond {bits} bits")
        return value

    return integer


def _boolean(value: Any) -> bool:
    if isinstance(value, bytes) and len(value) == 1:
        value = value[0]
    if isinstance(value, int) and value in (0, 1):
        return bool(value)
    raise _misfit(value, "other than 0 and 1" if isinstance(value, int) else "")


def _double(value: Any) -> float:
    if isinstance(value, float):
        return value
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        try:
            near = float(value)
        except (OverflowError, ValueError):
            raise _misfit(value, "that no double holds") from None
        if near == value:
            return near
        raise _misfit(value, "that no double holds exactly; a decimal would")
    raise _misfit(value)


def _float(value: Any) -> float:
    double = _double(value)
    try:
        near: float = struct.unpack("f", struct.pack("f", double))[0]
    except OverflowError:
        raise _misfit(value, "that no float holds; a double would") from None
    if near == double or double != double:
        return near
    raise _misfit(value, "that no float holds exactly; a double would")


def _decimal(precision: int, scale: int) -> Exact:
    limit = Decimal(10) ** (precision - scale)

    def decimal(value: Any) -> Decimal:
        if isinstance(value, str) and _NUMBER.fullmatch(value):
            value = Decimal(value)
        if isinstance(value, int) and not isinstance(value, bool):
            value = Decimal(value)
        if not isinstance(value, Decimal):
            raise _misfit(value, "(a binary fraction)" if isinstance(value, float) else "")
        if not value.is_finite():
            raise _misfit(value, "that is not finite")
        sign, digits, exponent = value.as_tuple()
        assert isinstance(exponent, int)
        if -exponent > scale and any(digits[len(digits) - (-exponent - scale) :]):
            raise _misfit(value, f"with more than {scale} digits after the point")
        if abs(value) >= limit:
            raise _misfit(value, f"with more than {precision - scale} digits before the point")
        return _scaled(sign, digits, exponent, scale)

    return decimal


def _scaled(sign: int, digits: tuple[int, ...], exponent: int, scale: int) -> Decimal:
    number = int("".join(map(str, digits)))
    shift = exponent + scale
    number = number * 10**shift if shift >= 0 else number // 10**-shift
    return Decimal((sign, tuple(map(int, str(number))), -scale))


def _string(value: Any) -> str:
    if isinstance(value, UUID):
        return str(value)
    if not isinstance(value, str):
        raise _misfit(value)
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise _misfit(value, "that is not Unicode") from None
    return value


def _date(value: Any) -> date:
    if isinstance(value, str):
        if not _DATE.fullmatch(value):
            raise _misfit(value, "that is not yyyy-mm-dd")
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise _misfit(value, "that is no day of the calendar") from None
    if not isinstance(value, date) or isinstance(value, datetime):
        raise _misfit(value)
    return value


def _timestamp(value: Any) -> datetime:
    """Without a zone it is in UTC."""
    if isinstance(value, str):
        match = _INSTANT.fullmatch(value)
        if not match:
            raise _misfit(value, "that is not yyyy-mm-dd hh:mm:ss[.ffffff][zone]")
        seconds, fraction, zone = match.groups(default="")
        try:
            value = datetime.fromisoformat(f"{seconds}.{fraction:0<6}{zone}")
        except ValueError:
            raise _misfit(value, "that is no instant of the calendar") from None
    if not isinstance(value, datetime):
        raise _misfit(value)
    if value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise _misfit(value, "beyond the years 1 to 9999 in UTC") from None


def _binary(value: Any) -> bytes:
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    raise _misfit(value)


_SCALARS: dict[str, Exact] = {
    "boolean": _boolean,
    "double": _double,
    "float": _float,
    "string": _string,
    "date": _date,
    "timestamp": _timestamp,
    "binary": _binary,
}
