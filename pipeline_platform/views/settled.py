"""The settled answer: a plain table over batch rows alone, for outside readers."""

import hashlib
from contextlib import ExitStack

import polars as pl
import pyarrow as pa

from pipeline_platform.engine.engine import Engine
from pipeline_platform.errors import CommitConflict
from pipeline_platform.lake.lake import Lake
from pipeline_platform.lake.schema import arrow_schema, columns_schema
from pipeline_platform.lake.shape import as_frame
from pipeline_platform.lake.snapshot import Snapshot
from pipeline_platform.lake.table import LakeTable
from pipeline_platform.views.held import BATCH, PATH, HeldStates
from pipeline_platform.views.live import Live
from pipeline_platform.views.reading import Reading

CUT = "_cut"  # bigint: the newest batch cut of all days
SETTLED = "settled"  # application: which states the table was computed from
OF = "settled_of"  # in a commit's metadata: the batch files that the rows were computed from
_SWAP = 1 << 40  # versions that a state table may reach


def write_settled(now: Live, held: HeldStates, *, engine: Engine, lake: Lake) -> None:
    """Let `serving.<view>__batch` be the answer over the batch rows of this version.

    An older version never takes the place of a newer one, and nothing happens where it is
    there already. Another definition may give it other columns.
    """
    table = lake.table(now.view.batch)
    if _is_of(table, now, held):
        return
    cut = arrow_schema([(CUT, "bigint", False)], {CUT: "newest epoch of the batch"})
    schema = pa.unify_schemas([columns_schema(now.view.columns), cut])
    if not table.exists():
        table.ensure(schema, None, f"Settled answer of {now.view.table}.")
    number = now.number * _SWAP + held.snapshot.version
    try:
        _write(table, schema, number, Reading(lake, now, held), engine)
    except CommitConflict:
        if (table.snapshot().transaction_version(SETTLED) or 0) < number:
            raise


def _write(
    table: LakeTable, schema: pa.Schema, number: int, reading: Reading, engine: Engine
) -> None:
    newest = max(reading.held.cuts.values(), default=-1)
    answer = columns_schema(reading.view.columns)
    with ExitStack() as stack, table.stage(schema) as staging:
        name = reading.show(engine, stack, f"{PATH} = '{BATCH}'")
        for batch in engine.batches(engine.sql(f"SELECT * FROM {name}")):
            rows = as_frame(pa.Table.from_batches([batch]).cast(answer))
            staging.write(rows.with_columns(pl.lit(newest, pl.Int64()).alias(CUT)))
        files = staging.finish()

    def check(base: Snapshot) -> None:
        if (base.transaction_version(SETTLED) or 0) >= number:
            raise CommitConflict(
                "a newer settled answer is there",
                where=str(table.name),
                known=f"version {base.version}",
                remedy="read that one",
            )

    said = {"cut": newest, OF: _mark(reading.live, reading.held)}
    try:
        table.restate(files, schema, transactions=[(SETTLED, number)], metadata=said, check=check)
    except CommitConflict:
        table.discard(files)
        raise


def _is_of(table: LakeTable, now: Live, held: HeldStates) -> bool:
    """Whether the table was computed from exactly these batch rows, by this definition."""
    if not table.exists():
        return False
    said = (commit.metadata.get(OF) for commit in table.snapshot().commits())
    return next((mark for mark in said if mark), "") == _mark(now, held)


def _mark(now: Live, held: HeldStates) -> str:
    files = held.files.filter(pl.col("path") == BATCH)["file"].sort()
    text = "\n".join([str(now.number), *files])
    return hashlib.sha256(text.encode()).hexdigest()[:16]
