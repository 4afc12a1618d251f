"""Values as people write them in tests, in a column's type."""

import math
import operator
import struct
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from pipeline_platform.contracts.types import INTEGERS, DataType
from pipeline_platform.errors import DeclarationError

_WRITTEN = {
    "string": "a text",
    "boolean": "True or False",
    "float": "a number",
    "double": "a number",
    "decimal": "a Decimal, a whole number, or a text such as '12.50', that fits without rounding",
    "date": "a date, or a text such as '2024-01-31'",
    "timestamp": "a datetime, or a text such as '2024-01-31T10:00:00Z' (UTC where no zone stands)",
    "binary": "bytes, or a text (its UTF-8)",
    "array": "a list",
    "struct": "a dictionary of the declared fields",
}


def converted(value: Any, kind: DataType, where: str, *, text: bool = False) -> Any:
    """`value` as the column's type holds it; None stays None.

    With `text` it comes from a file that knows texts only. Raises DeclarationError that
    says how a value of that type is written.
    """
    if value is None:
        return None
    try:
        if text and isinstance(value, str) and kind.name in _FROM_TEXT:
            value = _FROM_TEXT[kind.name](value)
        return _made(value, kind, where, text)
    except (ValueError, TypeError, ArithmeticError, struct.error):
        raise DeclarationError(
            f"{value!r} is no {kind}",
            where=where,
            known=f"{kind} is written as {_WRITTEN.get(kind.name, 'a whole number in its range')}",
            remedy="write the value in the column's type",
        ) from None


def _made(value: Any, kind: DataType, where: str, text: bool) -> Any:
    if kind.element is not None:
        element, items = kind.element, _of(value, list, tuple)
        return [converted(v, element, f"{where}[{n}]", text=text) for n, v in enumerate(items)]
    if kind.name == "struct":
        return _struct(_of(value, Mapping), kind, where, text)
    if kind.name in INTEGERS:
        return _whole(value, INTEGERS[kind.name])
    if kind.name == "decimal":
        return _decimal(value, kind)
    return _SCALARS[kind.name](value)


def _struct(value: Mapping[str, Any], kind: DataType, where: str, text: bool) -> dict[str, Any]:
    if set(value) - {name for name, _ in kind.fields}:
        raise ValueError
    return {n: converted(value.get(n), t, f"{where}.{n}", text=text) for n, t in kind.fields}


def _of(value: Any, *kinds: type) -> Any:
    if not isinstance(value, kinds):
        raise TypeError
    return value


def _whole(value: Any, bits: int) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool):
        raise TypeError
    number = operator.index(value)
    if not -(1 << bits - 1) <= number < 1 << bits - 1:
        raise ValueError
    return number


def _double(value: Any) -> float:
    if isinstance(value, bool | str):
        raise TypeError
    return float(value)


def _float(value: Any) -> float:
    return float(struct.unpack("f", struct.pack("f", _double(value)))[0])


def _decimal(value: Any, kind: DataType) -> Decimal:
    if isinstance(value, bool):
        raise TypeError
    found = Decimal(repr(float(value)) if isinstance(value, float) else value)
    _, digits, exponent = found.as_tuple()
    if not isinstance(exponent, int):
        raise ValueError
    scaled = int("".join(map(str, digits))) * Decimal(10) ** (exponent + kind.scale)
    if scaled != scaled.to_integral_value() or scaled >= Decimal(10) ** kind.precision:
        raise ValueError
    return found.quantize(Decimal(1).scaleb(-kind.scale))


def _date(value: Any) -> date:
    if isinstance(value, str):
        return date.fromisoformat(value)
    if isinstance(value, datetime):
        raise TypeError
    return _of(value, date)  # type: ignore[no-any-return]


def _timestamp(value: Any) -> datetime:
    found = datetime.fromisoformat(value) if isinstance(value, str) else _of(value, datetime)
    aware = found.replace(tzinfo=UTC) if found.tzinfo is None else found
    return aware.astimezone(UTC)


def _binary(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else bytes(_of(value, bytes, bytearray))


_SCALARS: dict[str, Callable[[Any], Any]] = {
    "string": lambda value: _of(value, str),
    "boolean": lambda value: _of(value, bool),
    "float": _float,
    "double": _double,
    "date": _date,
    "timestamp": _timestamp,
    "binary": _binary,
}
_FROM_TEXT: dict[str, Callable[[str], Any]] = {
    **dict.fromkeys(INTEGERS, int),
    "boolean": lambda text: {"true": True, "false": False}.get(text.lower(), text),
    "float": float,
    "double": float,
}


def same(found: Any, expected: Any, tolerance: float = 0.0) -> bool:
    """Whether two values of one column are equal; numbers within a relative tolerance.

    NULL equals NULL and NaN equals NaN. The tolerance is a share of the expected number,
    absolute for those below 1.
    """
    if isinstance(found, float | Decimal) and isinstance(expected, float | Decimal | int):
        if math.isnan(found) or math.isnan(expected):
            return math.isnan(found) and math.isnan(expected)
        exact: bool = found == expected
        return exact or (
            tolerance > 0
            and abs(float(found) - float(expected)) <= tolerance * max(1.0, abs(float(expected)))
        )
    if isinstance(found, list) and isinstance(expected, list):
        pairs = zip(found, expected, strict=False)
        return len(found) == len(expected) and all(same(a, b, tolerance) for a, b in pairs)
    if isinstance(found, dict) and isinstance(expected, dict):
        return found.keys() == expected.keys() and all(
            same(found[name], expected[name], tolerance) for name in found
        )
    return bool(found == expected) and (found is None) == (expected is None)
