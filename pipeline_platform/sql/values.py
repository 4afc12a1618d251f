"""Typed values of a row expression, and how Spark makes their types meet."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline_platform.contracts.types import INTEGERS, DataType
from pipeline_platform.sql import types
from pipeline_platform.sql.types import is_fraction, is_integer

if TYPE_CHECKING:
    import polars as pl

Build = Callable[[], "pl.Expr"]
DAY_US = 86_400_000_000


class Value(NamedTuple):
    """A typed expression; `build` makes the Polars one and imports Polars then.

    `constant` is the Python value of a literal, else None.
    """

    type: DataType
    build: Build
    constant: Any = None


class Mismatch(Exception):
    """Types that do not go together; `str()` says which, `remedy` what to write."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.remedy = remedy


def polars() -> Any:
    """The module, imported when the first expression is built."""
    import polars

    return polars


def dtype(kind: DataType) -> Any:
    """The Polars type of `kind`."""
    pl = polars()
    simple = {
        "string": pl.String, "boolean": pl.Boolean, "tinyint": pl.Int8, "smallint": pl.Int16,
        "int": pl.Int32, "bigint": pl.Int64, "float": pl.Float32, "double": pl.Float64,
        "date": pl.Date, "timestamp": pl.Datetime("us", "UTC"), "binary": pl.Binary,
        "void": pl.Null,
    }  # fmt: skip
    if kind.name == "decimal":
        return pl.Decimal(kind.precision, kind.scale)
    if kind.name == "array" and kind.element is not None:
        return pl.List(dtype(kind.element))
    if kind.name == "struct":
        return pl.Struct({name: dtype(inner) for name, inner in kind.fields})
    return simple[kind.name]


def constant(value: Any, kind: DataType) -> Value:
    """A literal."""
    return Value(kind, lambda: polars().lit(value, dtype=dtype(kind)), value)


def fit(build: Build, kind: DataType) -> Build:
    """`build` as `kind`; NULL where it does not fit (ANSI Spark raises there)."""
    return lambda: build().cast(dtype(kind), strict=False)


def wide(*values: Value) -> list[Build]:
    """Integers in a type in which no operation on any two of them overflows."""
    small = all(INTEGERS[value.type.name] <= 32 for value in values)
    return [_widened(value, small) for value in values]


def _widened(value: Value, small: bool) -> Build:
    return lambda: value.build().cast(polars().Int64 if small else polars().Int128)


def coerce(value: Value, kind: DataType) -> Value:
    """`value` as `kind` by the implicit casts of ANSI Spark. Mismatch: there is none."""
    if value.type == kind:
        return value
    if value.type == types.VOID:
        return Value(kind, fit(value.build, kind))
    if isinstance(value.constant, str) and kind in (types.DATE, types.TIMESTAMP):
        return _moment(value.constant, kind)
    if value.type == types.DATE and kind == types.TIMESTAMP:
        return Value(kind, midnight(value.build))
    if is_integer(value.type) and (is_integer(kind) or is_fraction(kind) or kind.name == "decimal"):
        return Value(kind, fit(value.build, kind), value.constant)
    if value.type.name in ("decimal", "float") and kind == types.DOUBLE:
        return Value(kind, fit(value.build, kind), value.constant)
    if value.type.name == "decimal" and kind.name == "decimal":
        return Value(kind, fit(value.build, kind), value.constant)
    raise Mismatch(f"{value.type} where {kind} is needed", f"write CAST(... AS {kind})")


def midnight(build: Build) -> Build:
    """A date as its first instant in UTC."""
    return lambda: build().cast(polars().Datetime("us")).dt.replace_time_zone("UTC")


def _moment(text: str, kind: DataType) -> Value:
    try:
        instant = datetime.fromisoformat(text.strip())
    except ValueError:
        raise Mismatch(
            f"{text!r} is no {kind}", "write 2013-01-31 or 2013-01-31 05:00:00"
        ) from None
    instant = instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    if kind == types.TIMESTAMP:
        return constant(instant, kind)
    if len(text.strip()) != len("2013-01-31"):
        raise Mismatch(f"{text!r} is no date", "write 2013-01-31")
    return constant(instant.date(), kind)


def common(values: Sequence[Value]) -> list[Value]:
    """The values in the one type in which Spark compares them. Mismatch: there is none."""
    kind = values[0].type
    for value in values[1:]:
        kind = _meet(kind, value.type)
    return [coerce(value, kind) for value in values]


def _meet(left: DataType, right: DataType) -> DataType:
    if types.VOID in (left, right) or left == right:
        return right if left == types.VOID else left
    names = {left.name, right.name}
    if names <= set(INTEGERS):
        return max(left, right, key=lambda kind: INTEGERS[kind.name])
    if names <= {*INTEGERS, "decimal", "double"} or names == {"float", "double"}:
        return types.DOUBLE if "double" in names else _decimals(left, right)
    if names <= {"string", "date", "timestamp"}:
        return next(k for k in (types.TIMESTAMP, types.DATE) if k in (left, right))
    raise Mismatch(f"{left} and {right} do not meet", f"write CAST(... AS {left}) on one side")


def _decimals(left: DataType, right: DataType) -> DataType:
    (p1, s1), (p2, s2) = (
        (k.precision, k.scale) if k.name == "decimal" else (len(str(1 << INTEGERS[k.name] - 1)), 0)
        for k in (left, right)
    )
    scale = max(s1, s2)
    precision = max(p1 - s1, p2 - s2) + scale
    if precision > types.MAX_PRECISION:
        raise Mismatch(f"{left} and {right} need {precision} digits", "cast both to double")
    return DataType("decimal", precision, scale)


class Micros(NamedTuple):
    """Microseconds: 64 bits wide where `bound`, their greatest magnitude, is below 2**61."""

    build: Build
    bound: int

    def __add__(self, other: "Micros") -> "Micros":  # type: ignore[override]
        if not (self.bound and other.bound):
            return self if self.bound else other
        return Micros(_sum(self, other), self.bound + other.bound)


def micros(value: Value, factor: int) -> Micros:
    """An integer number of units of `factor` microseconds."""
    if isinstance(value.constant, int):
        total = value.constant * factor
        return Micros(_fixed(total), abs(total))
    bound = abs(factor) << (INTEGERS[value.type.name] - 1)
    return Micros(lambda: _sized(value.build(), bound) * factor, bound)


def fixed_micros(total: int) -> Micros:
    """A constant number of microseconds."""
    return Micros(_fixed(total), abs(total))


def _fixed(total: int) -> Build:
    return lambda: polars().lit(total, dtype=polars().Int64 if _short(total) else polars().Int128)


def _short(bound: int) -> bool:
    return abs(bound) < 1 << 61


def _sized(expression: "pl.Expr", bound: int) -> "pl.Expr":
    return expression.cast(polars().Int64 if _short(bound) else polars().Int128)


def _sum(left: Micros, right: Micros) -> Build:
    bound = left.bound + right.bound
    return lambda: _sized(left.build(), bound) + _sized(right.build(), bound)


def moment_us(value: Value) -> Micros:
    """Microseconds since 1970 of a timestamp."""
    return Micros(lambda: value.build().to_physical(), _us(_LAST))


def from_us(total: Micros) -> Build:
    """A timestamp from microseconds; NULL outside years 1 to 9999."""

    def built() -> "pl.Expr":
        pl = polars()
        value = total.build()
        inside = value.is_between(_us(datetime(1, 1, 1, tzinfo=UTC)), _us(_LAST))
        kept = pl.when(inside).then(value).cast(pl.Int64)
        return kept.cast(dtype(types.TIMESTAMP))  # type: ignore[no-any-return]

    return built


_LAST = datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)


def _us(instant: datetime) -> int:
    return (
        (instant.date() - date(1970, 1, 1)).days * DAY_US
        + ((instant.hour * 60 + instant.minute) * 60 + instant.second) * 1_000_000
        + instant.microsecond
    )
