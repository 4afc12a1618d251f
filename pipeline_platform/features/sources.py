"""Reads the spine and the sources of a feature set, each held at one version."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

import polars as pl

from pipeline_platform.contracts.features import AsOf, FeatureSet, Window
from pipeline_platform.contracts.types import DataType
from pipeline_platform.contracts.windows import DayWindow
from pipeline_platform.engine.engine import Engine
from pipeline_platform.features.kernel import (
    AT,
    AVAILABLE,
    EVENT,
    source_key,
    source_value,
    spine_key,
)
from pipeline_platform.features.slabs import TableRows, around, slabs
from pipeline_platform.features.statements import Statement, source_statement, spine_statement
from pipeline_platform.features.types import key_type, output_types, require_timestamp
from pipeline_platform.lake.schema import arrow_schema
from pipeline_platform.lake.shape import as_frame, empty_frame
from pipeline_platform.models.pins import Pins

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

Types = dict[str, DataType]
Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class Rows:
    """The rows of some days as the kernel takes them: the spine, and per group its source."""

    spine: pl.DataFrame
    sources: list[pl.DataFrame]


class Sources:
    """A feature set's tables, read by days of the feature set.

    `views` names a view for every table, `cuts` the date column that partitions a table.
    """

    def __init__(
        self,
        feature_set: FeatureSet,
        views: Mapping[str, str],
        cuts: Mapping[str, str | None],
        engine: Engine,
    ) -> None:
        self._set, self._views, self._cuts, self._engine = feature_set, views, cuts, engine

    @classmethod
    def pinned(cls, feature_set: FeatureSet, pins: Pins, engine: Engine) -> "Sources":
        """Tables of the lake, each held at one version."""
        cuts = {table: held.partition_by for table, held in pins.snapshots.items()}
        return cls(feature_set, pins.views, cuts, engine)

    def check(self) -> list[tuple[str, str]]:
        """Name and Spark type of every column that a build gives.

        Raises DeclarationError for instants that are none and keys that are never equal.
        """
        spine = self._set.spine
        require_timestamp(spine.at, self._spine_types[AT], spine.table)
        found = [(name, str(self._spine_types[name])) for name in spine.columns]
        for number, (group, kinds) in enumerate(zip(self._set.groups, self._types, strict=True)):
            require_timestamp(group.event_ts, kinds[EVENT], group.table)
            require_timestamp(group.available_at, kinds[AVAILABLE], group.table)
            self._key_types(number)
            values = [kinds.get(source_value(n)) for n in range(len(group.outputs))]
            found += output_types(group, values)
        return found

    def read(self, days: DayWindow | None, *, bounded: bool = True) -> Rows:
        """The spine's rows of these days, and of every source what they can need.

        `bounded`: without the rows that count at no instant of the spine.
        """
        spine = self._rows(self._spine_statement(days), self._set.spine.table, self._spine_types)
        span = _span(spine[AT]) if bounded else None
        keyed, sources = spine, []
        for number, (group, kinds) in enumerate(zip(self._set.groups, self._types, strict=True)):
            source = _empty(kinds)
            if span or not bounded:
                source = self._rows(self._source_statement(group, days, span), group.table, kinds)
            common = self._key_types(number)
            keyed = keyed.with_columns(
                _as_key(spine_key(number, k), kind) for k, kind in enumerate(common)
            )
            sources.append(
                source.with_columns(_as_key(source_key(k), kind) for k, kind in enumerate(common))
            )
        return Rows(keyed, sources)

    @cached_property
    def _spine_types(self) -> Types:
        return self._kinds(self._frame(self._spine_statement(None), self._set.spine.table))

    @cached_property
    def _types(self) -> list[Types]:
        return [
            self._kinds(self._frame(self._source_statement(group, None), group.table))
            for group in self._set.groups
        ]

    def _key_types(self, number: int) -> list[pl.DataType]:
        group, kinds = self._set.groups[number], self._types[number]
        return [
            key_type(
                self._spine_types[spine_key(number, k)],
                kinds[source_key(k)],
                pair=pair,
                where=f"{self._set.table}, group over {group.table}",
            )
            for k, pair in enumerate(group.keys)
        ]

    def _spine_statement(self, days: DayWindow | None) -> Statement:
        table = self._set.spine.table
        return spine_statement(
            self._set, self._views[table], days, self._cuts.get(table), self._reach(table, days)
        )

    def _source_statement(
        self, group: AsOf | Window, days: DayWindow | None, span: Span | None = None
    ) -> Statement:
        table = group.table
        return source_statement(
            group, self._views[table], self._cuts.get(table), self._reach(table, days), span
        )

    def _reach(self, table: str, days: DayWindow | None) -> DayWindow | None:
        if days is None:
            return None
        return around(days, *self._set.inputs[table])

    def _frame(self, statement: Statement, table: str) -> "DataFrame":
        text, parameters = statement
        return self._engine.sql(text, parameters or None, where=self._where(table))

    def _where(self, table: str) -> str:
        return f"{self._set.table}, from {table}"

    def _kinds(self, frame: "DataFrame") -> Types:
        found = self._engine.types(frame, where=str(self._set.table))
        return {name: DataType.parse(kind) for name, kind in found}

    def _rows(self, statement: Statement, table: str, kinds: Types) -> pl.DataFrame:
        empty = _empty(kinds)
        batches = self._engine.batches(self._frame(statement, table), where=self._where(table))
        return pl.concat([empty, *(as_frame(batch).cast(empty.schema) for batch in batches)])


def day_slabs(
    feature_set: FeatureSet, pins: Pins, window: DayWindow | None, limit: int
) -> Iterator[DayWindow | None]:
    """The window in parts of days that have `limit` rows in all tables, one day at least."""
    if window is None:
        yield None
        return
    tables = []
    for table in feature_set.tables:
        days = pins.snapshots[table].partitions()
        by_day = {day: facts.rows or 0 for day, facts in days.items()}
        tables.append(TableRows(by_day, feature_set.inputs[table]))
    yield from slabs(window, tables, limit)


def _empty(kinds: Types) -> pl.DataFrame:
    return empty_frame(arrow_schema((name, kind, True) for name, kind in kinds.items()))


def _span(instants: pl.Series) -> Span | None:
    first, last = instants.min(), instants.max()
    return (first, last) if isinstance(first, datetime) and isinstance(last, datetime) else None


def _as_key(name: str, kind: pl.DataType) -> pl.Expr:
    """The key in the common type; NaN equals nothing, as NULL."""
    key = pl.col(name).cast(kind)
    return key.fill_nan(None) if kind.is_float() else key
