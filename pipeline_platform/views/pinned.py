"""Dimensions as coverage days know them: each day keeps the version of its first row."""

from collections.abc import Collection
from contextlib import ExitStack
from datetime import date

import polars as pl
import pyarrow as pa

from pipeline_platform.contracts.names import TableName
from pipeline_platform.contracts.views import PINNED_DAY, PinnedTable, View
from pipeline_platform.engine.engine import Engine
from pipeline_platform.errors import CommitConflict, SourceUnavailable
from pipeline_platform.lake.lake import Lake
from pipeline_platform.lake.schema import arrow_schema
from pipeline_platform.lake.shape import as_frame, empty_frame
from pipeline_platform.lake.snapshot import Snapshot
from pipeline_platform.views.copies import COPY, Copies, copied, newest
from pipeline_platform.views.relations import given, queried

PIN = "pin"  # application: the number of the commit, from 1
VERSION = "_pinned_version"  # bigint: version of the dimension
ATTEMPTS = 20


def pin(view: View, lake: Lake, days: Collection[date]) -> None:
    """Give those of the days that have none the newest version of every dimension.

    To be done before state rows of a day are staged. Raises SourceUnavailable while a
    dimension is not there.
    """
    for table in view.split.pinned:
        PinnedDays(view, table, lake).pin(days)


def pinned(
    view: View, lake: Lake, days: Collection[date], engine: Engine, stack: ExitStack
) -> dict[str, str]:
    """By token a session view with the rows that count for these days, until the stack ends."""
    tables = view.split.pinned
    return {t.token: PinnedDays(view, t, lake).show(days, engine, stack) for t in tables}


class PinnedDays:
    """`serving.<view>__pinned_<digest>`: rows of a dimension, and the days for which they count.

    A row with a day says which copy the day has, and of which version; the others are the
    copies. A version with the rows of the last copy is not copied again. Rows are only added.
    """

    def __init__(self, view: View, table: PinnedTable, lake: Lake) -> None:
        self._dimension, self._lake = TableName.parse(table.table), lake
        self._columns = arrow_schema((name, kind, True) for name, kind in table.columns.items())
        self.table = lake.table(view.pinned(table))

    def pin(self, days: Collection[date]) -> None:
        """Let the newest version count for those of the days that have none."""
        for _ in range(ATTEMPTS):
            held = newest(self._lake, self.table)
            missing = sorted(set(days).difference(held.days if held else ()))
            if not missing or self._add(held or self._created(), missing):
                return
        raise CommitConflict(
            "other days were pinned first, at every attempt",
            where=str(self.table.name),
            known=f"{len(missing)} days have no version of {self._dimension} yet",
            remedy="try again",
        )

    def show(self, days: Collection[date], engine: Engine, stack: ExitStack) -> str:
        """A session view over the columns and PINNED_DAY, for those of the days that are pinned."""
        held = newest(self._lake, self.table) if days else None
        copies = {day: held.days[day] for day in sorted(days) if day in held.days} if held else {}
        marks = pl.DataFrame(
            {PINNED_DAY: [*copies], COPY: [*copies.values()]},
            {PINNED_DAY: pl.Date(), COPY: pl.Int64()},
        )
        rows = pl.concat([self._nothing(), *self._copied(held, copies.values())])
        if marks.height < 2:
            return given(engine, self._arrow(rows.join(marks, on=COPY), PINNED_DAY), stack)
        every, each = self._arrow(rows, COPY), given(engine, marks.to_arrow(), stack)
        names = ", ".join(f"c.`{name}`" for name in self._columns.names)
        text = f"SELECT {names}, d.{PINNED_DAY} FROM {given(engine, every, stack)} AS c "
        return queried(engine, f"{text}JOIN {each} AS d ON c.{COPY} = d.{COPY}", stack)

    def _copied(self, held: Copies | None, numbers: Collection[int]) -> list[pl.DataFrame]:
        return copied(self._lake, held, numbers, self._columns.names) if held else []

    def _nothing(self) -> pl.DataFrame:
        return empty_frame(self._columns.append(_FIELDS[COPY]))

    def _arrow(self, rows: pl.DataFrame, mark: str) -> pa.Table:
        schema = self._columns.append(_FIELDS[mark])
        return rows.select(schema.names).to_arrow().cast(schema)

    def _created(self) -> Copies:
        self._version()
        about = f"Rows of {self._dimension}, and the days for which they count."
        self.table.ensure(pa.schema([*_FIELDS.values(), *self._columns]), None, about)
        held = newest(self._lake, self.table)
        assert held is not None
        return held

    def _add(self, held: Copies, days: Collection[date]) -> bool:
        """Pin these days in one commit that follows `held`; False: another one did."""
        version, before = self._version(), held.snapshot.transaction_version(PIN)
        number, rows = (before or 0) + 1, self._rows(version)
        copy = self._same(held, rows) or number
        marks = pl.DataFrame({PINNED_DAY: sorted(days)}, {PINNED_DAY: pl.Date()}).with_columns(
            pl.lit(version.version, pl.Int64).alias(VERSION), pl.lit(copy, pl.Int64).alias(COPY)
        )
        added = [_copy(rows, number, version.version)] if copy == number else []
        parts = [empty_frame(held.snapshot.schema), marks, *added]
        with self.table.stage(held.snapshot) as staging:
            staging.write(pl.concat(parts, how="diagonal"))
            files = staging.finish()
        said = {"dimension": str(self._dimension), "version": version.version, "days": len(days)}
        done = self.table.append(files, transaction=(PIN, number), metadata=said, after=before)
        return not done.already

    def _version(self) -> Snapshot:
        """The newest version of the dimension."""
        table = self._lake.table(self._dimension)
        if table.exists():
            return table.snapshot()
        raise SourceUnavailable(
            f"{self._dimension} is not there yet",
            where=str(self.table.name),
            known="days are pinned to its newest version when their first rows are counted",
            remedy="build it; the view goes on then",
        )

    def _rows(self, version: Snapshot) -> pl.DataFrame:
        """Its rows, in an order that a rebuild does not change."""
        rows = version.frame(self._columns.names).collect()
        plain = [name for name, kind in rows.schema.items() if not kind.is_nested()]
        return as_frame(rows.sort(plain).to_arrow().cast(self._columns))

    def _same(self, held: Copies, rows: pl.DataFrame) -> int | None:
        """The last copy, if it has these rows."""
        last = max(held.days.values(), default=None)
        if last is None:
            return None
        return last if self._copied(held, [last])[0].drop(COPY).equals(rows) else None


def _copy(rows: pl.DataFrame, number: int, version: int) -> pl.DataFrame:
    return rows.with_columns(
        pl.lit(None, pl.Date()).alias(PINNED_DAY),
        pl.lit(version, pl.Int64()).alias(VERSION),
        pl.lit(number, pl.Int64()).alias(COPY),
    )


_FIELDS = {
    PINNED_DAY: pa.field(PINNED_DAY, pa.date32()),
    VERSION: pa.field(VERSION, pa.int64()),
    COPY: pa.field(COPY, pa.int64()),
}
