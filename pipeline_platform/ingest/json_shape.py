"""Regular expressions that prove a row of JSON good, made from the contract."""

import re
from collections.abc import Sequence
from typing import Any

from pipeline_platform.contracts.stream import Column, StreamContract
from pipeline_platform.contracts.types import INTEGERS, DataType
from pipeline_platform.ingest.instants import EPOCH_UNITS

_TEXT = (
    r'"(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u(?:[0-9a-cA-CeEfF][0-9a-fA-F]{3}|[dD][0-7][0-9a-fA-F]{2}'
    r'|[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}))*"'
)
_LONG = r"-?(?:0|[1-9][0-9]{0,17})"
_SURE_DIGITS = {8: 2, 16: 4, 32: 9, 64: 18}
_NUMBERS = {
    "double": r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,2})?",
    "float": r"-?(?:0|[1-9][0-9]{0,6})(?:\.[0-9]+)?(?:[eE]-?[0-9])?",
}
_ANYTHING = (
    rf"(?:{_TEXT}|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{{1,2}})?|true|false|null)"
)
_PLAIN_NAME = re.compile(r'[^"\\\x00-\x1f\x7f-\U0010ffff]+')
_END = r"[ \t\r\n]*$"


def proves(contract: StreamContract) -> bool:
    """Whether every column has an expression, so that rows can be proven good by one."""
    return all(_PLAIN_NAME.fullmatch(c.field) and _value(c.data_type, c) for c in contract.columns)


def row_pattern(contract: StreamContract, order: Sequence[str]) -> str:
    """The expression of rows whose members come in `order`, optional ones maybe left out.

    A row that matches has the members of `order` at most once, all required columns, no
    other member, and only values that the precise reader accepts, but for dates,
    timestamps and decimals, whose text is left to be judged. Empty when `order` will not do.
    """
    columns = {c.field: c for c in contract.columns}
    if not order or any(not c.nullable and c.field not in order for c in contract.columns):
        return ""
    parts = []
    for at, name in enumerate(order):
        if not _PLAIN_NAME.fullmatch(name):
            return ""
        column = columns.get(name)
        value = _value(column.data_type, column) if column else _ANYTHING
        value = f"(?:{value}|null)" if column and column.nullable else value
        member = f'"{re.escape(name)}": ?{value}'
        if not at:
            parts.append(member)
        elif column and not column.nullable:
            parts.append(f", ?{member}")
        else:
            parts.append(f"(?:, ?{member})?")
    return r"^[ \t]*\{ ?" + "".join(parts) + r" ?\}" + _END


def _value(data_type: DataType, column: Column) -> str:
    """The expression of a non-null value, or empty when there is none."""
    name = data_type.name
    if name == "string":
        return _TEXT
    if name == "boolean":
        return "(?:true|false)"
    if name in INTEGERS:
        return rf"-?(?:0|[1-9][0-9]{{0,{_SURE_DIGITS[INTEGERS[name]] - 1}}})"
    if name in _NUMBERS:
        return _NUMBERS[name]
    nested = data_type != column.data_type
    if name == "timestamp" and column.format in EPOCH_UNITS and not nested:
        return _LONG
    if name in ("timestamp", "date") and not nested:
        return _TEXT
    if name == "decimal" and not nested:
        return _decimal(data_type)
    if name == "array" and data_type.element and (item := _value(data_type.element, column)):
        item = f"(?:{item}|null)"
        return rf"\[ ?(?:{item}(?:, ?{item})*)? ?\]"
    if name == "struct":
        return _struct(data_type, column)
    return ""


def _decimal(data_type: DataType) -> str:
    """Plain digits that fit; as a number only so many that a double keeps them all."""
    whole, scale = data_type.precision - data_type.scale, data_type.scale
    if not whole:
        return ""
    fraction = rf"(?:\.[0-9]{{1,{scale}}})?" if scale else ""
    digits = rf"-?(?:0|[1-9][0-9]{{0,{whole - 1}}}){fraction}"
    return rf'(?:{digits}|"{digits}")' if data_type.precision <= 15 else f'"{digits}"'


def _struct(data_type: DataType, column: Column) -> str:
    parts = []
    for at, (name, inner) in enumerate(data_type.fields):
        value = _value(inner, column)
        if not value:
            return ""
        member = f'"{re.escape(name)}": ?(?:{value}|null)'
        parts.append(f"(?:, ?{member})?" if at else member)
    return r"\{ ?" + "".join(parts) + r" ?\}"


def member_order(rows: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    """One order that all members of `rows` keep, as far as there is one."""
    longest: dict[str, Any] = {}
    for row in rows:
        longest = row if len(row) > len(longest) else longest
    order = list(longest)
    for row in rows:
        before = -1
        for name in row:
            if name in order:
                before = order.index(name)
            else:
                before += 1
                order.insert(before, name)
    return tuple(order)
