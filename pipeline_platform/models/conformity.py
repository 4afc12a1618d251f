"""Whether a computed result is what its declaration says."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import zip_longest
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline_platform.contracts.models import Derived, TableColumn
from pipeline_platform.contracts.types import DataType
from pipeline_platform.contracts.windows import DayWindow
from pipeline_platform.errors import DeclarationError, WriteRefused

PREVIEW_ROWS = 10


def check_columns(
    columns: Sequence[TableColumn], found: Sequence[tuple[str, str]], where: str
) -> None:
    """DeclarationError unless names, order and Spark types are those of `columns`."""
    declared = [(c.name, str(DataType.parse(c.type))) for c in columns]
    if list(found) == declared:
        return
    raise DeclarationError(
        "the result is not what the model declares: " + "; ".join(_differences(declared, found)),
        where=where,
        known=f"the result has {_listed(found)}; declared are {_listed(declared)}",
        remedy="cast, rename or reorder in the model, or declare what it gives",
    )


def _differences(
    declared: Sequence[tuple[str, str]], found: Sequence[tuple[str, str]]
) -> Iterator[str]:
    wanted, given = dict(declared), dict(found)
    for name, kind in declared:
        if name not in given:
            yield f"{name} is missing"
        elif given[name] != kind:
            yield f"{name} is {given[name]}, not {kind}"
    yield from (f"{name} is not declared" for name, _ in found if name not in wanted)
    if given.keys() == wanted.keys():
        pairs = zip_longest([n for n, _ in declared], [n for n, _ in found])
        for place, (want, have) in enumerate(pairs, start=1):
            if want != have:
                yield f"column {place} is {have}, not {want}"


def _listed(columns: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{name} {kind}" for name, kind in columns)


class Inspection:
    """Looks at every batch that streams by; keeps a preview and what was wrong."""

    def __init__(self, derived: Derived, window: DayWindow | None, schema: pa.Schema) -> None:
        self._table = str(derived.table)
        cut = derived.partitioning
        self._column = cut.column if cut and window else None
        self._window = window
        self._schema = pa.schema([field.with_nullable(True) for field in schema])
        self._required: list[TableColumn] = [c for c in derived.columns if not c.nullable]
        self._outside: Counter[date | None] = Counter()
        self._nulls: Counter[str] = Counter()
        self.preview: list[dict[str, Any]] = []

    def inspect(self, batch: pa.RecordBatch) -> pa.RecordBatch | None:
        """The batch in the table's types, or None once a row was wrong."""
        rows = batch if batch.schema == self._schema else batch.cast(self._schema)
        if len(self.preview) < PREVIEW_ROWS:
            self.preview += rows.slice(0, PREVIEW_ROWS - len(self.preview)).to_pylist()
        for column in self._required:
            if nulls := rows.column(column.name).null_count:
                self._nulls[column.name] += nulls
        if self._column and self._window:
            self._count_outside(rows.column(self._column), self._window)
        return None if self._outside or self._nulls else rows

    def _count_outside(self, days: pa.Array, window: DayWindow) -> None:
        inside = pc.and_(pc.greater_equal(days, window.start), pc.less(days, window.end))
        outside = pc.filter(days, pc.invert(pc.fill_null(inside, False)))
        for entry in pc.value_counts(outside).to_pylist():
            self._outside[entry["values"]] += entry["counts"]

    def refuse(self) -> None:
        """WriteRefused when any row that went by was wrong, with all counts."""
        if self._outside:
            days = sorted(self._outside.items(), key=lambda item: str(item[0]))
            listing = ", ".join(f"{day or 'NULL'}: {rows} rows" for day, rows in days[:20])
            raise WriteRefused(
                f"{self._outside.total()} rows outside the window {self._window}",
                where=self._table,
                known=listing + (f", and {len(days) - 20} more days" if len(days) > 20 else ""),
                remedy=f"restrict {self._column} to >= :start and < :end in the model",
            )
        if self._nulls:
            counts = ", ".join(f"{name}: {rows} rows" for name, rows in self._nulls.items())
            raise WriteRefused(
                "NULL in columns that are declared not null",
                where=self._table,
                known=counts,
                remedy="filter or fill these rows in the model, or declare the column nullable",
            )
