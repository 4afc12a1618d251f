"""A feature set as values: a spine, and what was known at its instants."""

import hashlib
from collections import Counter
from math import ceil
from typing import Literal

import msgspec
from msgspec import Struct

from pipeline_platform.contracts.models import Partitioning, TableCheck, TableColumn
from pipeline_platform.contracts.names import TableName
from pipeline_platform.contracts.types import INTEGERS, DataType
from pipeline_platform.errors import DeclarationError

DAY_S = 86_400.0
FUNCTIONS = ("count", "sum", "mean", "min", "max")


class Spine(Struct, frozen=True, forbid_unknown_fields=True):
    """The rows that get features: those of `table` where `where` holds (default: all).

    `at` is the instant T, a Spark SQL expression of type timestamp over the table's columns;
    `columns` of the table are kept (ids, labels). `where` is a condition in Spark SQL.
    """

    table: str
    at: str
    columns: tuple[str, ...]
    where: str = ""


class Feature(Struct, frozen=True, forbid_unknown_fields=True):
    """A value of the latest row: a Spark SQL expression over the group's table."""

    name: str
    expression: str


class Aggregate(Struct, frozen=True, forbid_unknown_fields=True):
    """A function over the rows of a window; expression `*` counts rows."""

    name: str
    function: Literal["count", "sum", "mean", "min", "max"]
    expression: str


class AsOf(Struct, frozen=True, forbid_unknown_fields=True, tag="as_of"):
    """Values of the latest row that was known at T' = T - `lag_s` seconds.

    `keys` pairs an expression over the spine with one over `table`. `event_ts` and
    `available_at` are expressions of type timestamp. `ttl_s`: a row older than that at T'
    gives NULL; None: no limit. `inclusive` False: both instants lie strictly before T'.
    """

    table: str
    keys: tuple[tuple[str, str], ...]
    event_ts: str
    available_at: str
    values: tuple[Feature, ...]
    lag_s: float = 0.0
    ttl_s: float | None = None
    inclusive: bool = True

    @property
    def outputs(self) -> tuple[tuple[str, str], ...]:
        """Name and expression of every feature, in order."""
        return tuple((value.name, value.expression) for value in self.values)

    @property
    def days_before(self) -> int | None:
        """Days before T's day that can matter when the table's days are those of the event."""
        return None if self.ttl_s is None else ceil((self.ttl_s + self.lag_s) / DAY_S)


class Window(Struct, frozen=True, forbid_unknown_fields=True, tag="window"):
    """Aggregates of the rows with `event_ts` in [T' - `width_s`, T'), T' = T - `lag_s`.

    Only rows with `available_at` <= T' count. Keys and instants as in AsOf.
    """

    table: str
    keys: tuple[tuple[str, str], ...]
    event_ts: str
    available_at: str
    width_s: float
    aggregates: tuple[Aggregate, ...]
    lag_s: float = 0.0

    @property
    def outputs(self) -> tuple[tuple[str, str], ...]:
        """Name and expression of every feature, in order."""
        return tuple((value.name, value.expression) for value in self.aggregates)

    @property
    def days_before(self) -> int:
        """Days before T's day that can matter when the table's days are those of the event."""
        return ceil((self.width_s + self.lag_s) / DAY_S)


class FeatureSet(Struct, frozen=True, forbid_unknown_fields=True):
    """A table of features, one row per row of the spine.

    `columns` are the spine's in the order of `spine.columns`, then the features in the order
    of `groups`. `inputs` maps each table read to the days around a partition in which its
    rows may lie, as (days before, days after); rows of other days are not looked at.
    """

    table: TableName
    spine: Spine
    groups: tuple[AsOf | Window, ...]
    columns: tuple[TableColumn, ...]
    inputs: dict[str, tuple[int, int]]
    partitioning: Partitioning | None = None
    checks: tuple[TableCheck, ...] = ()

    @property
    def features(self) -> tuple[str, ...]:
        """The names of all features, in order."""
        return tuple(name for group in self.groups for name, _ in group.outputs)

    @property
    def tables(self) -> tuple[str, ...]:
        """Every table read, once, the spine's first."""
        return tuple(dict.fromkeys([self.spine.table, *(group.table for group in self.groups)]))

    @property
    def code_version(self) -> str:
        """12 hex digits over everything that decides the rows."""
        body = [self.spine, self.groups, self.columns, self.inputs, self.partitioning]
        return hashlib.sha256(msgspec.json.encode(body, order="deterministic")).hexdigest()[:12]


def feature_type(group: AsOf | Window, name: str, expression: DataType | None) -> DataType:
    """The type of the feature `name`, given that of its expression (None for `*`).

    A value keeps its type. count: bigint; mean: double; min, max: as the expression; sum:
    bigint of integers, double of float and double, decimal with ten more digits.
    Raises DeclarationError for a sum or a mean of anything but numbers.
    """
    found = {value.name: value for value in group.aggregates} if isinstance(group, Window) else {}
    function = found[name].function if name in found else "value"
    if function == "count":
        return DataType("bigint")
    if expression is None:
        raise DeclarationError(
            f"{function}(*) of {name!r} has no meaning",
            known="only count takes *",
            remedy="name a column, or write count",
        )
    return expression if function in ("value", "min", "max") else _sum_type(function, expression)


def _sum_type(function: str, kind: DataType) -> DataType:
    if kind.name not in (*INTEGERS, "float", "double", "decimal"):
        raise DeclarationError(
            f"{function} of {kind}",
            known=f"{function} takes integers, decimals, float and double",
            remedy="cast the expression to a number",
        )
    if function == "mean" or kind.name in ("float", "double"):
        return DataType("double")
    if kind.name == "decimal":
        return DataType("decimal", min(38, kind.precision + 10), kind.scale)
    return DataType("bigint")


def check_feature_set(feature_set: FeatureSet, *, where: str = "") -> None:
    """DeclarationError for what no build could honour, whatever the tables hold."""
    for what, known, remedy in _faults(feature_set):
        place = where or str(feature_set.table)
        raise DeclarationError(what, where=place, known=known, remedy=remedy)


def _faults(feature_set: FeatureSet) -> list[tuple[str, str, str]]:
    names = [*feature_set.spine.columns, *feature_set.features]
    faults = [
        (f"column {name!r} stands {times} times", ", ".join(names), "name each column once")
        for name, times in Counter(names).items()
        if times > 1
    ]
    declared = [column.name for column in feature_set.columns]
    if declared != names:
        faults.append(
            ("the columns are not those of spine and features", ", ".join(declared), "list them")
        )
    day = feature_set.partitioning.column if feature_set.partitioning else None
    if day and day not in feature_set.spine.columns:
        faults.append(
            (f"partition {day!r} is no column of the spine", ", ".join(names), "keep it from there")
        )
    faults += [
        (f"inputs do not name {table}", ", ".join(feature_set.inputs), "say which days it needs")
        for table in feature_set.tables
        if table not in feature_set.inputs
    ]
    return faults + [fault for group in feature_set.groups for fault in _group_faults(group)]


def _group_faults(group: AsOf | Window) -> list[tuple[str, str, str]]:
    known = f"the group over {group.table}"
    faults = []
    if group.lag_s < 0:
        faults.append((f"lag of {group.lag_s} s looks into the future", known, "use 0 or more"))
    if isinstance(group, Window) and group.width_s <= 0:
        faults.append((f"a window {group.width_s} s wide is empty", known, "use more than 0"))
    if isinstance(group, AsOf) and group.ttl_s is not None and group.ttl_s < 0:
        faults.append((f"a ttl of {group.ttl_s} s passes no row", known, "use 0 or more"))
    if not group.outputs:
        faults.append(("a group without features", known, "declare at least one"))
    return faults
