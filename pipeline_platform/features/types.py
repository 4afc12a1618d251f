"""The types a feature set may have: instants, keys that can be equal, sortable values."""

import polars as pl

from pipeline_platform.contracts.features import AsOf, Window, feature_type
from pipeline_platform.contracts.types import INTEGERS, DataType
from pipeline_platform.errors import DeclarationError

_SAME = {
    "string": pl.String(),
    "boolean": pl.Boolean(),
    "date": pl.Date(),
    "timestamp": pl.Datetime("us", "UTC"),
    "binary": pl.Binary(),
}


def require_timestamp(expression: str, kind: DataType, where: str) -> None:
    """DeclarationError unless the instant is one."""
    if kind.name != "timestamp":
        raise DeclarationError(
            f"the instant {expression!r} is {kind}, not timestamp",
            where=where,
            known="instants are compared to the microsecond, in UTC",
            remedy=f"write CAST({expression} AS timestamp), or to_utc_timestamp for local times",
        )


def key_type(ours: DataType, theirs: DataType, *, pair: tuple[str, str], where: str) -> pl.DataType:
    """The type in which both sides of a key are compared.

    Integers of all sizes are alike, so are float and double, and decimals; every other type
    equals itself only. Raises DeclarationError for two types that are never equal.
    """
    names = (ours.name, theirs.name)
    if all(name in INTEGERS for name in names):
        return pl.Int64()
    if all(name in ("float", "double") for name in names):
        return pl.Float64()
    if names == ("decimal", "decimal"):
        return pl.Decimal(38, max(ours.scale, theirs.scale))
    if ours.name == theirs.name and ours.name in _SAME:
        return _SAME[ours.name]
    raise DeclarationError(
        f"key {pair[0]!r} is {ours} and {pair[1]!r} is {theirs}: they are never equal",
        where=where,
        known="keys are compared as values, an integer never equals a text",
        remedy=f"write CAST({pair[0]} AS {theirs}), or cast the other side",
    )


def output_types(group: AsOf | Window, values: list[DataType | None]) -> list[tuple[str, str]]:
    """Name and Spark type of every feature; `values` are those of the expressions.

    Raises DeclarationError for a type that cannot be added up or ordered.
    """
    found = []
    for (name, expression), kind in zip(group.outputs, values, strict=True):
        if kind is not None and kind.name in ("array", "struct") and not _counts(group, name):
            raise DeclarationError(
                f"{name!r} takes {expression!r}, which is {kind}",
                where=group.table,
                known="ties are broken by the values, so they must have an order",
                remedy="take a field or an element, or make a text of it",
            )
        found.append((name, str(feature_type(group, name, kind))))
    return found


def _counts(group: AsOf | Window, name: str) -> bool:
    return isinstance(group, Window) and any(
        a.name == name and a.function == "count" for a in group.aggregates
    )
