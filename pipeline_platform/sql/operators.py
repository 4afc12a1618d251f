"""Operators of row expressions as Polars computes them with Spark's results."""

from collections.abc import Callable, Sequence
from functools import reduce
from typing import TYPE_CHECKING

from pipeline_platform.contracts.types import DataType
from pipeline_platform.sql import types
from pipeline_platform.sql.types import is_fraction, is_integer, is_numeric
from pipeline_platform.sql.values import (
    Build,
    Mismatch,
    Value,
    coerce,
    common,
    constant,
    fit,
    polars,
    wide,
)

if TYPE_CHECKING:
    import polars as pl

_COMPARE: dict[str, Callable[["pl.Expr", "pl.Expr"], "pl.Expr"]] = {
    "=": lambda a, b: a == b,
    "<>": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "<=>": lambda a, b: a.eq_missing(b),
}
_PLAIN: dict[str, Callable[["pl.Expr", "pl.Expr"], "pl.Expr"]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
}


def compare(operator: str, left: Value, right: Value) -> Value:
    """= <> < <= > >= <=>; NaN equals itself and is above every number, as in Spark."""
    left, right = common([left, right])
    if left.type == types.VOID:
        left, right = coerce(left, types.INT), coerce(right, types.INT)
    made = _COMPARE[operator]
    return Value(types.BOOLEAN, lambda: made(left.build(), right.build()))


def both(left: Value, right: Value) -> Value:
    """AND of three-valued logic."""
    left, right = _truth(left), _truth(right)
    return Value(types.BOOLEAN, lambda: left.build() & right.build())


def either(left: Value, right: Value) -> Value:
    """OR of three-valued logic."""
    left, right = _truth(left), _truth(right)
    return Value(types.BOOLEAN, lambda: left.build() | right.build())


def negation(value: Value) -> Value:
    """NOT of three-valued logic."""
    value = _truth(value)
    return Value(types.BOOLEAN, lambda: ~value.build())


def _truth(value: Value) -> Value:
    if value.type not in (types.BOOLEAN, types.VOID):
        raise Mismatch(f"{value.type} where a condition is needed", "compare it with something")
    return coerce(value, types.BOOLEAN)


def is_null(value: Value) -> Value:
    """IS NULL."""
    return Value(types.BOOLEAN, lambda: value.build().is_null())


def among(value: Value, options: Sequence[Value]) -> Value:
    """IN: NULL when nothing matches and the value or an option is NULL."""
    value, *options = common([value, *options])
    if value.type.name == "string" and all(isinstance(o.constant, str) for o in options):
        texts = [option.constant for option in options]
        return Value(types.BOOLEAN, lambda: value.build().is_in(texts))
    return reduce(either, [compare("=", value, option) for option in options])


def arithmetic(operator: str, left: Value, right: Value) -> Value:
    """+ - * / % div. NULL where ANSI Spark raises: division by zero, overflow."""
    if left.type == types.VOID or right.type == types.VOID:
        return _with_null(left, right)
    if not (is_numeric(left.type) and is_numeric(right.type)):
        raise Mismatch(f"{left.type} {operator} {right.type}", "cast both sides to numbers")
    if operator == "/" and not _decimal(left, right):
        return _quotient(coerce(left, types.DOUBLE), coerce(right, types.DOUBLE))
    if is_integer(left.type) and is_integer(right.type):
        return _integers(operator, left, right)
    if types.DOUBLE in (left.type, right.type) and operator in _PLAIN:
        left, right = coerce(left, types.DOUBLE), coerce(right, types.DOUBLE)
        made = _PLAIN[operator]
        return Value(types.DOUBLE, lambda: made(left.build(), right.build()))
    raise Mismatch(
        f"{left.type} {operator} {right.type} is computed differently by engines",
        "cast both sides to double, and write 1.5e0 for a double literal",
    )


def _decimal(left: Value, right: Value) -> bool:
    names = {left.type.name, right.type.name}
    return "decimal" in names and not names & {"double"}


def _with_null(left: Value, right: Value) -> Value:
    kind = right.type if left.type == types.VOID else left.type
    return constant(None, kind if is_numeric(kind) else types.INT)


def _quotient(left: Value, right: Value) -> Value:
    def built() -> "pl.Expr":
        divisor = right.build()
        return polars().when(divisor != 0).then(left.build() / divisor)  # type: ignore[no-any-return]

    return Value(types.DOUBLE, built)


def _integers(operator: str, left: Value, right: Value) -> Value:
    kind = types.arithmetic(operator, left.type, right.type)
    assert kind is not None
    a, b = wide(left, right)
    if operator in _PLAIN:
        made = _PLAIN[operator]
        return Value(kind, fit(lambda: made(a(), b()), kind))
    return Value(kind, fit(_toward_zero(operator, a, b), kind))


def _toward_zero(operator: str, left: Build, right: Build) -> Build:
    """Quotient or remainder of a division that cuts the fraction off, as Java's does."""

    def built() -> "pl.Expr":
        a, b = left(), right()
        divisor: pl.Expr = polars().when(b != 0).then(b.abs())
        if operator == "%":
            return a.abs() % divisor * a.sign()
        return a.abs() // divisor * a.sign() * b.sign()

    return built


def minus(value: Value) -> Value:
    """Unary minus."""
    if value.constant is not None and isinstance(value.constant, int | float):
        return constant(-value.constant, value.type)
    if is_integer(value.type):
        return Value(value.type, fit(lambda: 0 - wide(value)[0](), value.type))
    if is_fraction(value.type) or value.type.name == "decimal":
        return Value(value.type, lambda: -value.build())
    raise Mismatch(f"minus {value.type}", "cast it to a number")


def choose(conditions: Sequence[Value], results: Sequence[Value], default: Value) -> Value:
    """CASE WHEN ... THEN ... ELSE; a NULL condition counts as false."""
    *results, default = common([*results, default])
    conditions = [_truth(condition) for condition in conditions]

    def built() -> "pl.Expr":
        found = default.build()
        for condition, result in zip(reversed(conditions), reversed(results), strict=True):
            found = polars().when(condition.build()).then(result.build()).otherwise(found)
        return found

    return Value(default.type, built)


def extreme(operator: str, values: Sequence[Value]) -> Value:
    """GREATEST (operator >=) or LEAST (<=): NULLs are passed over, the first of equals wins."""
    values = common(values)

    def better(left: Value, right: Value) -> Value:
        wins = either(compare(operator, left, right), is_null(right))
        return choose([wins], [left], coalesce([right, left]))

    return reduce(better, values)


def coalesce(values: Sequence[Value]) -> Value:
    """The first that is not NULL."""
    values = common(values)
    return Value(values[0].type, lambda: polars().coalesce([v.build() for v in values]))


def cast(value: Value, kind: DataType) -> Value:
    """CAST; NULL where ANSI Spark raises. Mismatch: engines differ, or no such cast."""
    source, names = value.type, (value.type.name, kind.name)
    if source == kind or source == types.VOID:
        return coerce(value, kind)
    if is_integer(source) and (is_integer(kind) or is_fraction(kind)):
        return Value(kind, fit(value.build, kind))
    if is_fraction(source) and (is_integer(kind) or kind == types.DOUBLE):
        return Value(kind, fit(value.build, kind))
    if (source == types.BOOLEAN and is_integer(kind)) or (
        is_integer(source) and names[1] == "string"
    ):
        return Value(kind, fit(value.build, kind))
    if names == ("timestamp", "date"):
        return Value(kind, lambda: value.build().dt.date())
    if names == ("date", "timestamp") or (
        value.constant is not None and names in (("string", "date"), ("string", "timestamp"))
    ):
        return coerce(value, kind)
    if names == ("decimal", "double"):
        return coerce(value, kind)
    if names[0] == "string" and is_integer(kind):
        return Value(kind, _integer_text(value.build, kind))
    if names in (("boolean", "string"), ("date", "string")):
        return Value(kind, fit(value.build, kind))
    raise Mismatch(
        f"CAST from {source} to {kind} is not computed here",
        "declare the column with the type that you need",
    )


def _integer_text(build: Build, kind: DataType) -> Build:
    def built() -> "pl.Expr":
        pl = polars()
        text = build().str.strip_chars(" \t\n\r\x0b\x0c")
        shaped = pl.when(text.str.contains(r"^[+-]?[0-9]+$")).then(text.str.strip_prefix("+"))
        return shaped.cast(dtype=pl.Int128, strict=False)  # type: ignore[no-any-return]

    return fit(built, kind)
