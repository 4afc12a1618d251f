"""The table of a view's states over one generation of accepted rows."""

import json
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec
import polars as pl
import pyarrow as pa

from pipeline_platform.contracts.names import DAY, EPOCH
from pipeline_platform.contracts.views import COUNTED, STATES, View
from pipeline_platform.engine.engine import Engine
from pipeline_platform.errors import CommitConflict
from pipeline_platform.lake.lake import Lake
from pipeline_platform.lake.schema import standard
from pipeline_platform.lake.shape import as_frame
from pipeline_platform.lake.snapshot import Snapshot
from pipeline_platform.lake.upkeep import make_busy
from pipeline_platform.lake.writer import StagedFile
from pipeline_platform.views.claims import Claims
from pipeline_platform.views.compaction import LEAST_FILES, Compacted, Run, runs
from pipeline_platform.views.held import FIRST, PATH, SPEED, HeldStates
from pipeline_platform.views.pinned import pinned
from pipeline_platform.views.relations import held

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["HeldStates", "States"]
_OWN = {EPOCH: pa.int64(), FIRST: pa.int64(), PATH: pa.string()}


class States:
    """`serving.<view>__states_<fingerprint>`: state rows of both paths, by coverage day.

    Its columns are those of the view's partial, and `_epoch`, `_first`, `_path`. Every row
    of a file has the same three: the file holds the epochs from `_first` to `_epoch`.
    """

    def __init__(self, view: View, generation: int, lake: Lake) -> None:
        self.view, self.generation, self.lake = view, generation, lake
        self.name = view.states(generation)
        self.table = lake.table(self.name)

    def exists(self) -> bool:
        """Whether the table has been created."""
        return self.table.exists()

    def ensure(self, engine: Engine) -> None:
        """Create the table; the engine says the types, over no rows of the stream.

        What `held` reads of the log comes first: Delta keeps statistics of 32 columns, the
        fields of structs counted.
        Raises UnknownName where the stream has no accepted rows' table yet, WriteRefused
        for a state that a table cannot hold.
        """
        if self.exists():
            return
        accepted = self.lake.table(self.view.source).snapshot()
        with ExitStack() as stack:
            rows = held(engine, accepted, stack, "false")
            pins = pinned(self.view, self.lake, (), engine, stack)
            text = self.view.split.partial_over(rows, pins)
            found = engine.schema(engine.sql(text, where=str(self.view.table)))
        split = self.view.split
        first = [found.field(name).with_nullable(True) for name in (DAY, COUNTED)]
        own = [pa.field(name, kind) for name, kind in _OWN.items()]
        rest = [found.field(name).with_nullable(True) for name in (*split.keys, *split.states)]
        where = str(self.name)
        self.table.ensure(
            standard(pa.schema([*first, *own, *rest]), where=where),
            DAY,
            f"States of {self.view.table}.",
        )
        make_busy(self.table)

    def held(self, version: int | None = None) -> HeldStates:
        """The newest version, or the given one."""
        return HeldStates(self.table.snapshot(version))

    def compact(
        self, engine: Engine, *, at: datetime | None = None, least_files: int = LEAST_FILES
    ) -> Compacted:
        """Merge runs of small speed files by the view's own merge; the answer stays.

        Never across the cut of a batch that runs: of `at` on, claims older than an hour do
        not count (None: all count). Does nothing where a batch, or another compaction,
        took one of the files first.
        """
        before = self.held()
        claimed = Claims(self.table.uri).least(at)
        upto = before.folded if claimed is None else min(claimed, before.folded)
        chosen = runs(before, upto, least_files)
        if not chosen:
            return Compacted(0, 0, 0)
        gone = [file for run in chosen for file in run.files]
        files = [file for run in chosen for file in self._merged(before, run, engine)]
        try:
            self.table.exchange(gone, files, metadata={"compacted": len(gone)}, data_change=False)
        except CommitConflict:
            return Compacted(0, 0, 0)
        return Compacted(len(chosen), len(gone), len(files))

    def _merged(self, before: HeldStates, run: Run, engine: Engine) -> list[StagedFile]:
        with ExitStack() as stack:
            rows = held(engine, before.snapshot, stack, run.condition)
            text = self.view.split.merge.replace(STATES, rows)
            frame = engine.sql(text, where=str(self.name))
            return self.stage(
                before.snapshot, [frame], engine, first=run.first, last=run.last, path=SPEED
            )

    def stage(
        self,
        shape: Snapshot,
        frames: "Iterable[DataFrame]",
        engine: Engine,
        *,
        first: int,
        last: int,
        path: str,
    ) -> list[StagedFile]:
        """Write state rows that hold the epochs `first` to `last`, as they stream in."""
        totals: Counter[date] = Counter()
        schema = pa.schema([shape.schema.field(name) for name in self.view.split.columns])
        own = {
            EPOCH: pl.lit(last, pl.Int64()),
            FIRST: pl.lit(first, pl.Int64()),
            PATH: pl.lit(path),
        }
        with self.table.stage(shape) as staging:
            for frame in frames:
                for batch in engine.batches(frame, where=str(self.view.table)):
                    rows = _cast(batch, schema)
                    totals.update(dict(rows.group_by(DAY).agg(pl.sum(COUNTED)).iter_rows()))
                    staging.write(rows.with_columns(**own))
            return _counted(staging.finish(), totals)


def _cast(batch: pa.RecordBatch, schema: pa.Schema) -> pl.DataFrame:
    """The rows in the table's types: engines differ in them, a table does not."""
    return as_frame(pa.Table.from_batches([batch]).select(schema.names).cast(schema))


def _counted(files: list[StagedFile], totals: Counter[date]) -> list[StagedFile]:
    """Let the upper bound of `_rows` in a file's statistics be the sum of its rows.

    It stays a bound, and late rows are counted without a scan. Where a day has several
    files the first carries what the bounds of the others leave.
    """
    left = Counter(totals)
    bounds = {file.path: _bound(file) for file in files}
    for file in files:
        if file.partition is not None:
            left[file.partition] -= bounds[file.path]
    counted = []
    for file in files:
        rest = left.pop(file.partition, 0) if file.partition is not None else 0
        counted.append(_bounded(file, bounds[file.path] + rest))
    return counted


def _bound(file: StagedFile) -> int:
    return int(json.loads(file.statistics)["maxValues"][COUNTED])


def _bounded(file: StagedFile, rows: int) -> StagedFile:
    statistics = json.loads(file.statistics, parse_float=Decimal)
    statistics["maxValues"][COUNTED] = rows
    body = msgspec.json.Encoder(decimal_format="number").encode(statistics)
    return replace(file, statistics=body.decode())
