"""Functions of row expressions: name to typed Polars expression."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline_platform.contracts.types import DataType
from pipeline_platform.sql import operators, patterns, types
from pipeline_platform.sql.types import is_integer, is_numeric
from pipeline_platform.sql.values import (
    DAY_US,
    Micros,
    Mismatch,
    Value,
    coerce,
    fit,
    from_us,
    micros,
    midnight,
    moment_us,
    polars,
    wide,
)

if TYPE_CHECKING:
    import polars as pl

UNITS = {
    "MICROSECOND": 1, "MILLISECOND": 1_000, "SECOND": 1_000_000, "MINUTE": 60_000_000,
    "HOUR": 3_600_000_000, "DAY": DAY_US, "WEEK": 7 * DAY_US,
}  # fmt: skip
Make = Callable[[Sequence[Value]], Value]


class Function(NamedTuple):
    """How many arguments a function takes (least, most) and what it makes of them."""

    least: int
    most: int
    make: Make


def call(name: str, given: Sequence[Value]) -> Value:
    """`name(given)`; KeyError if there is no such function. Mismatch: wrong arguments."""
    function = FUNCTIONS[name]
    if not function.least <= len(given) <= function.most:
        raise Mismatch(
            f"{name} with {len(given)} arguments",
            f"give it {function.least}"
            + (f" to {function.most}" if function.most > function.least else ""),
        )
    return function.make(given)


def text(value: Value) -> Value:
    """`value`, which must be a string."""
    if value.type not in (types.STRING, types.VOID):
        raise Mismatch(f"{value.type} where string is needed", "write CAST(... AS string)")
    return coerce(value, types.STRING)


def whole(value: Value) -> Value:
    """`value`, which must be an integer."""
    if not is_integer(value.type) and value.type != types.VOID:
        raise Mismatch(f"{value.type} where an integer is needed", "write CAST(... AS int)")
    return coerce(value, types.INT) if value.type == types.VOID else value


def moment(value: Value) -> Value:
    """`value` as a timestamp."""
    return coerce(value, types.TIMESTAMP)


def shift(start: Value, by: Micros) -> Value:
    """A timestamp moved by microseconds."""
    return Value(types.TIMESTAMP, from_us(moment_us(moment(start)) + by))


def timestamp_add(unit: str, given: Sequence[Value]) -> Value:
    """timestampadd(unit, n, timestamp) for units of fixed length."""
    return shift(given[1], micros(whole(given[0]), _factor(unit, UNITS)))


def timestamp_diff(unit: str, given: Sequence[Value]) -> Value:
    """timestampdiff(unit, from, to): whole units, cut towards zero."""
    factor = _factor(unit, UNITS)
    first, last = (moment_us(moment(value)) for value in given)

    def built() -> "pl.Expr":
        between = last.build() - first.build()
        return between.abs() // factor * between.sign()

    return Value(types.BIGINT, fit(built, types.BIGINT))


def _factor(unit: str, units: dict[str, int]) -> int:
    if unit.upper() not in units:
        raise Mismatch(f"unit {unit!r}", f"use {', '.join(units)}")
    return units[unit.upper()]


def _on_text(made: Callable[[Any], Any], kind: DataType = types.STRING) -> Make:
    return lambda a: Value(kind, fit(lambda: made(text(a[0]).build()), kind))


def _on_two_texts(made: Callable[[Any, Any], Any]) -> Make:
    return lambda a: Value(types.BOOLEAN, lambda: made(text(a[0]).build().str, text(a[1]).build()))


def _on_moment(made: Callable[[Any], Any], kind: DataType = types.INT) -> Make:
    return lambda a: Value(kind, fit(lambda: made(moment(a[0]).build().dt), kind))


def _epoch(factor: int) -> Make:
    return lambda a: Value(types.TIMESTAMP, from_us(micros(whole(a[0]), factor)))


def _since_epoch(factor: int) -> Make:
    return lambda a: Value(
        types.BIGINT, fit(lambda: moment_us(moment(a[0])).build() // factor, types.BIGINT)
    )


def _to_date(a: Sequence[Value]) -> Value:
    return operators.cast(a[0], types.DATE)


def _days_later(sign: int) -> Make:
    def made(a: Sequence[Value]) -> Value:
        days = whole(a[1])
        if days.type == types.BIGINT:
            raise Mismatch("bigint where days are counted", "write CAST(... AS int)")
        start = Value(types.TIMESTAMP, midnight(operators.cast(a[0], types.DATE).build))
        moved = shift(start, micros(days, sign * DAY_US))
        return Value(types.DATE, lambda: moved.build().dt.date())

    return made


def _days_between(a: Sequence[Value]) -> Value:
    last, first = (operators.cast(value, types.DATE) for value in a)

    def built() -> "pl.Expr":
        return last.build().cast(polars().Int32) - first.build().cast(polars().Int32)

    return Value(types.INT, built)


def _truncated(a: Sequence[Value]) -> Value:
    units = {"SECOND": "1s", "MINUTE": "1m", "HOUR": "1h", "DAY": "1d", "WEEK": "1w"}
    units |= {"MONTH": "1mo", "YEAR": "1y", "QUARTER": "1q"}
    unit = str(a[0].constant).upper()
    if unit not in units:
        raise Mismatch(f"date_trunc to {unit!r}", f"use {', '.join(units)}")
    return Value(types.TIMESTAMP, lambda: moment(a[1]).build().dt.truncate(units[unit]))


def _absolute(a: Sequence[Value]) -> Value:
    value = a[0]
    if is_integer(value.type):
        return Value(value.type, fit(lambda: wide(value)[0]().abs(), value.type))
    if is_numeric(value.type):
        return Value(value.type, lambda: value.build().abs())
    raise Mismatch(f"abs of {value.type}", "cast it to a number")


def _null_if(a: Sequence[Value]) -> Value:
    equal = operators.compare("=", a[0], a[1])
    return operators.choose([equal], [Value(a[0].type, lambda: polars().lit(None))], a[0])


def _concat(a: Sequence[Value]) -> Value:
    pieces = [text(operators.cast(v, types.STRING)) for v in a]
    return Value(types.STRING, lambda: polars().concat_str([piece.build() for piece in pieces]))


def _size(a: Sequence[Value]) -> Value:
    if a[0].type.name != "array":
        raise Mismatch(f"size of {a[0].type}", "give it an array")
    return Value(types.INT, fit(lambda: a[0].build().list.len(), types.INT))


def like(value: Value, pattern: Value, escape: str) -> Value:
    """LIKE with a literal pattern."""
    return _contains(value, patterns.from_like(_pattern(pattern), escape))


def matches(given: Sequence[Value]) -> Value:
    """RLIKE with a literal pattern."""
    return _contains(given[0], patterns.from_regex(_pattern(given[1])))


def _pattern(value: Value) -> str:
    if not isinstance(value.constant, str):
        raise Mismatch("a pattern that is no literal", "write the pattern as a string")
    return value.constant


def _contains(value: Value, regex: str) -> Value:
    subject = text(value)
    return Value(types.BOOLEAN, lambda: subject.build().str.contains(regex))


def _is_nan(a: Sequence[Value]) -> Value:
    value = coerce(a[0], types.DOUBLE)
    return Value(types.BOOLEAN, lambda: value.build().is_nan().fill_null(False))


def _mod(a: Sequence[Value]) -> Value:
    return operators.arithmetic("%", a[0], a[1])


def _either_way(a: Sequence[Value]) -> Value:
    return operators.choose([a[0]], [a[1]], a[2])


FUNCTIONS: dict[str, Function] = {
    "abs": Function(1, 1, _absolute),
    "coalesce": Function(1, 99, operators.coalesce),
    "ifnull": Function(2, 2, operators.coalesce),
    "nvl": Function(2, 2, operators.coalesce),
    "nullif": Function(2, 2, _null_if),
    "if": Function(3, 3, _either_way),
    "greatest": Function(2, 99, lambda a: operators.extreme(">=", a)),
    "least": Function(2, 99, lambda a: operators.extreme("<=", a)),
    "mod": Function(2, 2, _mod),
    "isnull": Function(1, 1, lambda a: operators.is_null(a[0])),
    "isnotnull": Function(1, 1, lambda a: operators.negation(operators.is_null(a[0]))),
    "isnan": Function(1, 1, _is_nan),
    "length": Function(1, 1, _on_text(lambda e: e.str.len_chars(), types.INT)),
    "char_length": Function(1, 1, _on_text(lambda e: e.str.len_chars(), types.INT)),
    "lower": Function(1, 1, _on_text(lambda e: e.str.to_lowercase())),
    "upper": Function(1, 1, _on_text(lambda e: e.str.to_uppercase())),
    "trim": Function(1, 1, _on_text(lambda e: e.str.strip_chars(" "))),
    "ltrim": Function(1, 1, _on_text(lambda e: e.str.strip_chars_start(" "))),
    "rtrim": Function(1, 1, _on_text(lambda e: e.str.strip_chars_end(" "))),
    "startswith": Function(2, 2, _on_two_texts(lambda e, x: e.starts_with(x))),
    "endswith": Function(2, 2, _on_two_texts(lambda e, x: e.ends_with(x))),
    "contains": Function(2, 2, _on_two_texts(lambda e, x: e.contains(x, literal=True))),
    "rlike": Function(2, 2, matches),
    "regexp_like": Function(2, 2, matches),
    "concat": Function(1, 99, _concat),
    "size": Function(1, 1, _size),
    "array_size": Function(1, 1, _size),
    "to_date": Function(1, 1, _to_date),
    "date": Function(1, 1, _to_date),
    "year": Function(1, 1, _on_moment(lambda e: e.year())),
    "quarter": Function(1, 1, _on_moment(lambda e: e.quarter())),
    "month": Function(1, 1, _on_moment(lambda e: e.month())),
    "day": Function(1, 1, _on_moment(lambda e: e.day())),
    "dayofmonth": Function(1, 1, _on_moment(lambda e: e.day())),
    "dayofyear": Function(1, 1, _on_moment(lambda e: e.ordinal_day())),
    "dayofweek": Function(1, 1, _on_moment(lambda e: e.weekday() % 7 + 1)),
    "weekday": Function(1, 1, _on_moment(lambda e: e.weekday() - 1)),
    "hour": Function(1, 1, _on_moment(lambda e: e.hour())),
    "minute": Function(1, 1, _on_moment(lambda e: e.minute())),
    "second": Function(1, 1, _on_moment(lambda e: e.second())),
    "timestamp_seconds": Function(1, 1, _epoch(1_000_000)),
    "timestamp_millis": Function(1, 1, _epoch(1_000)),
    "timestamp_micros": Function(1, 1, _epoch(1)),
    "unix_seconds": Function(1, 1, _since_epoch(1_000_000)),
    "unix_millis": Function(1, 1, _since_epoch(1_000)),
    "unix_micros": Function(1, 1, _since_epoch(1)),
    "date_add": Function(2, 2, _days_later(1)),
    "date_sub": Function(2, 2, _days_later(-1)),
    "datediff": Function(2, 2, _days_between),
    "date_diff": Function(2, 2, _days_between),
    "date_trunc": Function(2, 2, _truncated),
}
