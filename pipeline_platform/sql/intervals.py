"""Intervals of row expressions: lengths of time that move a timestamp."""

import operator
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import reduce
from typing import NamedTuple

from sqlglot import exp

from pipeline_platform.sql.row_functions import UNITS, shift, whole
from pipeline_platform.sql.types import TIMESTAMP
from pipeline_platform.sql.values import Micros, Mismatch, Value, fixed_micros, micros

_PARTS = ("YEAR", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE", "SECOND")
_MONTHS = {"YEAR": 12, "QUARTER": 3, "MONTH": 1}


class Interval(NamedTuple):
    """Whole months, known at load, and microseconds, computed per row."""

    months: int
    micros: Micros


def interval(node: exp.Interval) -> Interval:
    """INTERVAL n unit. Mismatch: a form that is not understood."""
    unit = (node.args["unit"].name if node.args.get("unit") else "").upper().removesuffix("S")
    amount = node.this.name if isinstance(node.this, exp.Literal) else ""
    if not re.fullmatch(r"[+-]?\d+(\.\d{1,6})?", amount) or unit not in {**UNITS, **_MONTHS}:
        raise Mismatch("this form of INTERVAL", "write INTERVAL 5 MINUTES, one unit at a time")
    if unit in _MONTHS:
        return Interval(int(amount) * _MONTHS[unit], fixed_micros(0))
    return Interval(0, fixed_micros(int(Decimal(amount) * UNITS[unit])))


def make_interval(given: Sequence[Value]) -> Interval:
    """make_interval([years[, months[, weeks[, days[, hours[, minutes[, seconds]]]]]]])."""
    if len(given) > len(_PARTS):
        raise Mismatch(f"make_interval with {len(given)} arguments", "give it at most 7")
    named = dict(zip(_PARTS, given, strict=False))
    months = sum(_literal(named.pop(unit)) * _MONTHS[unit] for unit in _PARTS[:2] if unit in named)
    return Interval(months, _sum(named))


def make_dt_interval(given: Sequence[Value]) -> Interval:
    """make_dt_interval([days[, hours[, minutes[, seconds]]]])."""
    if len(given) > 4:
        raise Mismatch(f"make_dt_interval with {len(given)} arguments", "give it at most 4")
    return Interval(0, _sum(dict(zip(_PARTS[3:], given, strict=False))))


def _literal(value: Value) -> int:
    if not isinstance(value.constant, int):
        raise Mismatch("years or months that are no literal", "write whole numbers there")
    return value.constant


def _sum(named: dict[str, Value]) -> Micros:
    return reduce(operator.add, (_micros(u, v) for u, v in named.items()), fixed_micros(0))


def _micros(unit: str, value: Value) -> Micros:
    if unit == "SECOND" and isinstance(value.constant, Decimal):
        return fixed_micros(int(value.constant * UNITS[unit]))
    return micros(whole(value), UNITS[unit])


def shifted(sign: str, left: Value | Interval, right: Value | Interval) -> Value | Interval:
    """A timestamp plus or minus an interval, or the sum of two intervals."""
    if isinstance(left, Interval) and isinstance(right, Value) and sign == "+":
        left, right = right, left
    if sign not in "+-" or not isinstance(right, Interval):
        raise Mismatch("an interval there", "add it to a timestamp, or subtract it from one")
    right = right if sign == "+" else _negative(right)
    if isinstance(left, Interval):
        return Interval(left.months + right.months, left.micros + right.micros)
    if left.type != TIMESTAMP:
        raise Mismatch(f"{left.type} {sign} interval", "use a timestamp, or date_add for a date")
    return shift(_by_months(left, right.months), right.micros)


def _negative(given: Interval) -> Interval:
    build, bound = given.micros
    return Interval(-given.months, Micros(lambda: -1 * build(), bound))


def _by_months(value: Value, months: int) -> Value:
    if not months:
        return value
    return Value(TIMESTAMP, lambda: value.build().dt.offset_by(f"{months}mo"))


SPECIAL: dict[str, Callable[[Sequence[Value]], Interval]] = {
    "make_interval": make_interval,
    "make_dt_interval": make_dt_interval,
}
