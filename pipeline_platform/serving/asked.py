"""Query parameters as conditions on a view's keys, parsed by the keys' types."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import NoReturn

from msgspec import Struct
from msgspec.structs import replace

from pipeline_platform.contracts.models import TableColumn
from pipeline_platform.contracts.types import INTEGERS, DataType
from pipeline_platform.errors import DeclarationError, UnknownName

Value = str | int | float | bool | Decimal | date | datetime
RESERVED = ("limit", "after", "from", "to")
TEMPORAL = ("date", "timestamp")
FILTERED = (*INTEGERS, *TEMPORAL, "string", "boolean", "decimal", "float", "double")
MOST_VALUES = 100


class Condition(Struct, frozen=True):
    """What a key must be: one of `equal`, a text that starts with `prefix`, in [low, high).

    `null` asks for rows whose key is NULL, or (False) is not.
    """

    equal: tuple[Value, ...] = ()
    prefix: str | None = None
    low: Value | None = None
    high: Value | None = None
    null: bool | None = None


class Asked(Struct, frozen=True):
    """Conditions by key column, in the order of the keys."""

    conditions: dict[str, Condition] = {}


class Parameter(Struct, frozen=True):
    """A query parameter: the key that it asks about, and how."""

    name: str
    column: TableColumn
    form: str  # is, prefix, from, to, null

    @property
    def type(self) -> DataType:
        """The key's type."""
        return DataType.parse(self.column.type)


def parameters(columns: Sequence[TableColumn], keys: Sequence[str]) -> list[Parameter]:
    """The query parameters of a view, per key.

    `<key>` (or `<key>.is` where the plain name is taken) asks for equality; `<key>.prefix`
    for texts, `<key>.from` and `<key>.to` for dates and timestamps, `<key>.null` for NULL.
    `from` and `to` stand for those of the only date or timestamp among the keys.
    """
    by_name = {column.name: column for column in columns}
    chosen = [by_name[key] for key in keys if DataType.parse(by_name[key].type).name in FILTERED]
    found = [parameter for column in chosen for parameter in _of(column)]
    timed = [column for column in chosen if DataType.parse(column.type).name in TEMPORAL]
    if len(timed) == 1:
        found += [Parameter(form, timed[0], form) for form in ("from", "to")]
    return found


def _of(column: TableColumn) -> Iterator[Parameter]:
    name, kind = column.name, DataType.parse(column.type).name
    yield Parameter(f"{name}.is" if name in RESERVED else name, column, "is")
    if kind == "string":
        yield Parameter(f"{name}.prefix", column, "prefix")
    if kind in TEMPORAL:
        yield Parameter(f"{name}.from", column, "from")
        yield Parameter(f"{name}.to", column, "to")
    yield Parameter(f"{name}.null", column, "null")


def asked(
    given: Sequence[tuple[str, str]], columns: Sequence[TableColumn], keys: Sequence[str]
) -> Asked:
    """The conditions that the parameters make; `limit` and `after` are left to others.

    UnknownName for a parameter that the view does not have, DeclarationError for a value
    that is not of the key's type.
    """
    known = {parameter.name: parameter for parameter in parameters(columns, keys)}
    found: dict[str, Condition] = {}
    for name, text in given:
        if name in ("limit", "after"):
            continue
        if name not in known:
            raise UnknownName("parameter", name, [*known, "limit", "after"], where="query string")
        parameter = known[name]
        before = found.get(parameter.column.name, Condition())
        found[parameter.column.name] = _with(before, parameter, text)
    return Asked({key: found[key] for key in keys if key in found})


def _with(before: Condition, parameter: Parameter, text: str) -> Condition:
    value = _value(parameter, text)
    if parameter.form == "is":
        equal = (*before.equal, value)
        if len(equal) > MOST_VALUES:
            raise _wrong(parameter, f"more than {MOST_VALUES} values", "ask in several requests")
        return replace(before, equal=equal)
    field = {"from": "low", "to": "high"}.get(parameter.form, parameter.form)
    if getattr(before, field) is not None:
        raise _wrong(parameter, "given twice", "give it once; only equality takes several values")
    return replace(before, **{field: value})


def _value(parameter: Parameter, text: str) -> Value:
    kind = parameter.type
    form = "boolean" if parameter.form == "null" else kind.name
    try:
        return _parsed(form, text)
    except (ValueError, InvalidOperation, OverflowError):
        raise _wrong(
            parameter, f"{text[:80]!r} is no {form}", f"write it like {EXAMPLES[form]}"
        ) from None


EXAMPLES = {
    **dict.fromkeys(INTEGERS, "42"),
    "float": "0.5",
    "double": "0.5",
    "decimal": "12.50",
    "boolean": "true",
    "date": "2013-07-10",
    "timestamp": "2013-07-10T08:00:00Z",
    "string": "JFK",
}
_INTEGER = re.compile(r"[+-]?[0-9]{1,20}")


def _parsed(kind: str, text: str) -> Value:
    if kind == "string":
        return text
    if kind == "boolean":
        return text == "true" if text in ("true", "false") else _no()
    if kind in INTEGERS:
        return _integer(text, INTEGERS[kind])
    if kind == "decimal":
        value = Decimal(text)
        return value if value.is_finite() else _no()
    if kind == "date":
        return date.fromisoformat(text)
    if kind == "timestamp":
        instant = datetime.fromisoformat(text)
        return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(UTC)
    return float(text)


def _integer(text: str, bits: int) -> int:
    number = int(text) if _INTEGER.fullmatch(text) else _no()
    return number if -(1 << (bits - 1)) <= number < 1 << (bits - 1) else _no()


def _no() -> NoReturn:
    raise ValueError


def _wrong(parameter: Parameter, what: str, remedy: str) -> DeclarationError:
    return DeclarationError(
        what,
        where=f"parameter {parameter.name}",
        known=f"the key {parameter.column.name} is {parameter.column.type}",
        remedy=remedy,
    )


def single(asked: Asked, keys: Sequence[str]) -> Mapping[str, Value] | None:
    """The value of every key where all are asked for by one value each, else None."""
    conditions = asked.conditions
    if len(conditions) != len(keys) or not keys:
        return None
    if any(len(c.equal) != 1 or c != Condition(equal=c.equal) for c in conditions.values()):
        return None
    return {key: condition.equal[0] for key, condition in conditions.items()}
