"""Upkeep keeps rows, held and pinned versions, and what is young."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
from deltalake import DeltaTable
from pysail.spark import SparkConnectServer
from pyspark.sql.connect.session import SparkSession

from pipeline_platform.contracts.epochs import EpochPlan, ObjectRef, PlannedObject
from pipeline_platform.contracts.names import TableName
from pipeline_platform.errors import UnknownName
from pipeline_platform.lake.cleaning import CleanLog, plan_cleaning
from pipeline_platform.lake.compaction import Compact, compact, plan_compaction
from pipeline_platform.lake.lake import Lake
from pipeline_platform.lake.ledger import Ledger
from pipeline_platform.lake.table import LakeTable
from pipeline_platform.lake.tuning import Tune
from pipeline_platform.lake.upkeep import Policy, plan_upkeep, run
from pipeline_platform.lake.vacuum import Delete, plan_vacuum
from pipeline_platform_tests.lake.frames import SCHEMA, day, events, rows_of, staged

HOUR = timedelta(hours=1)


def later(**by: float) -> datetime:
    """An instant from now on."""
    return datetime.now(UTC) + timedelta(**by)


def epochs(table: LakeTable, count: int, first: int = 0) -> None:
    """Commits of one row for each of three days, one of them null."""
    for epoch in range(first, first + count):
        files = staged(table, [(d, epoch, epoch) for d in (day(0), day(1), None)])
        table.append(files, transaction=("a", epoch))


def on_disk(table: LakeTable) -> set[str]:
    """The data files in the table's folder."""
    root = Path(table.uri)
    return {path.relative_to(root).as_posix() for path in root.rglob("part-*.parquet")}


def test_compaction_keeps_rows_and_what_the_log_says_of_a_day(lake: Lake) -> None:
    table = events(lake)
    epochs(table, 12)
    before = table.snapshot()
    steps = plan_compaction(before)
    assert {step.day: len(step.files) for step in steps} == {day(0): 12, day(1): 12, None: 12}
    assert all(compact(table, step) for step in steps)
    after = table.snapshot()
    assert rows_of(after) == rows_of(before)
    assert after.files.height == 3
    for key, facts in before.partitions().items():
        merged = after.partitions()[key]
        assert (merged.rows, merged.maximum) == (facts.rows, facts.maximum)
        assert merged.minimum == facts.minimum
    assert after.transaction_version("a") == 11
    assert plan_compaction(after) == []
    assert not compact(table, steps[0])
    assert str(steps[0]).startswith("merge 12 files")


def test_compaction_takes_few_and_large_files_for_what_they_are(lake: Lake) -> None:
    """A row moves up the size classes, so many steps do not rewrite it many times."""
    table = lake.table(TableName("serving", "plain"))
    schema = pa.schema([("value", pa.int64()), ("text", pa.string())])
    table.ensure(schema, None)
    written = 0
    for number in range(90):
        with table.stage(schema) as staging:
            text = [f"{number * 7919 % 1000}-{n * 104729 % 99991}" for n in range(2000)]
            staging.write(pl.DataFrame({"value": range(2000), "text": text}))
            table.append(staging.finish(), transaction=("a", number))
        for step in plan_compaction(table.snapshot()):
            assert compact(table, step)
            written += step.size
    held = table.snapshot()
    assert held.num_rows == held.frame().select(pl.len()).collect().item() == 180_000
    assert held.files.height < 30
    assert written < 3 * held.files["size_bytes"].sum()


def test_files_from_before_a_column_was_added_are_merged(lake: Lake) -> None:
    table = events(lake)
    epochs(table, 3)
    table.ensure(SCHEMA.append(pa.field("late", pa.int32())), "_day")
    epochs(table, 3, first=3)
    before = rows_of(table.snapshot())
    for step in plan_compaction(table.snapshot(), files=6):
        assert compact(table, step)
    assert rows_of(table.snapshot()) == before
    assert table.snapshot().files.height == 3


def test_vacuum_spares_the_young_the_held_and_the_pinned(lake: Lake) -> None:
    table = events(lake)
    epochs(table, 4)
    pinned = table.snapshot()
    epochs(table, 4, first=4)
    dropped = table.snapshot().paths(None)
    for step in plan_compaction(table.snapshot(), files=8):
        assert compact(table, step)
    orphan = {file.path for file in staged(table, [(day(0), 99, 99)])}
    newest = table.snapshot()
    assert plan_vacuum(table, later(minutes=59), HOUR) == []
    (step,) = plan_vacuum(table, later(hours=2), HOUR, [pinned.version])
    assert set(step.files) == dropped - pinned.paths(None)
    (all_old,) = plan_vacuum(table, later(hours=25), HOUR, [pinned.version])
    assert set(all_old.files) == (dropped | orphan) - pinned.paths(None)
    assert run(table, all_old)
    assert on_disk(table) == newest.paths(None) | pinned.paths(None)
    assert rows_of(table.snapshot(pinned.version)) == rows_of(pinned)
    assert len(rows_of(newest)) == 24


def test_a_file_just_taken_out_stays_however_old_it_is(lake: Lake) -> None:
    table = events(lake)
    epochs(table, 2)
    old = (datetime.now(UTC) - timedelta(days=9)).timestamp()
    for path in on_disk(table):
        os.utime(Path(table.uri, path), (old, old))
    for step in plan_compaction(table.snapshot(), files=2):
        assert compact(table, step)
    assert plan_vacuum(table, later(minutes=10), HOUR) == []


def test_the_log_is_cleaned_and_kept_versions_stay_readable(lake: Lake) -> None:
    table = events(lake)
    epochs(table, 35)
    kept = {version: rows_of(table.snapshot(version)) for version in (4, 13)}
    assert plan_cleaning(table, later(minutes=59), HOUR, kept, entries=1) == []
    (step,) = plan_cleaning(table, later(hours=2), HOUR, kept, entries=1)
    assert (step.checkpoint, step.entries, step.keep_versions) == (29, 29, (4, 13))
    assert run(table, step)
    newest = Lake(lake.root).table(table.name).snapshot()
    assert (newest.version, len(rows_of(newest))) == (35, 105)
    assert newest.transaction_version("a") == 34
    assert {version: rows_of(table.snapshot(version)) for version in kept} == kept
    with pytest.raises(UnknownName, match="unknown version"):
        table.snapshot(14)
    assert DeltaTable(table.uri).version() == 35
    epochs(table, 6, first=35)
    (tuning, *_) = plan_upkeep(table, later(hours=2), kept)
    assert isinstance(tuning, Tune)
    assert run(table, tuning)
    held = table.snapshot()
    assert held.base.checkpoint_interval == 50
    assert held.base.configuration["delta.deletedFileRetentionDuration"] == "interval 10800 seconds"
    assert not any(isinstance(step, Tune) for step in plan_upkeep(table, later(hours=2), kept))
    assert table.snapshot().num_rows == 123
    assert plan_cleaning(table, later(hours=2), HOUR, kept, entries=100) == []


def test_a_ledger_of_many_epochs_stays_right(lake: Lake) -> None:
    ledger = Ledger(lake.table(TableName("raw", "events")))
    ledger.ensure()
    assert ledger.known() == {}
    for epoch in range(25):
        ref = ObjectRef(f"k{epoch}", epoch, "v")
        planned = (PlannedObject(0, ref, None, None),)
        at = datetime(2013, 1, 1, tzinfo=UTC)
        ledger.plan(EpochPlan(epoch, "arrival", at, "{}", 1, planned))
        if epoch == 12:
            assert len(ledger.known()) == 13
            for step in plan_compaction(ledger.table.snapshot()):
                assert compact(ledger.table, step)
    for step in plan_upkeep(ledger.table, later(days=2), policy=Policy(entries=1)):
        assert run(ledger.table, step)
    assert ledger.table.snapshot().files.height < 15
    assert [plan.epoch for plan in ledger.plans(3, 14)] == list(range(3, 15))
    assert ledger.known().keys() == {f"k{epoch}" for epoch in range(25)}
    assert ledger.head() == 24
    assert ledger.plan(ledger.plans(24)[0]) is False


@pytest.fixture(scope="module")
def sail() -> Iterator[SparkSession]:
    """A Spark Connect session on Sail."""
    server = SparkConnectServer()
    server.start(background=True)
    _, port = server.listening_address
    session = SparkSession.builder.remote(f"sc://localhost:{port}").create()
    yield session
    session.stop()
    server.stop()


def test_sail_reads_a_table_under_upkeep(lake: Lake, sail: SparkSession) -> None:
    table = events(lake)
    sail.sql(f"CREATE TABLE kept USING delta LOCATION '{table.uri}'")
    count = "SELECT count(*) AS n, sum(value) AS s FROM kept"
    for round_ in range(3):
        epochs(table, 15, first=15 * round_)
        kinds = {type(step) for step in plan_upkeep(table, later(days=2), [7], EAGER)}
        assert Compact in kinds
        for step in plan_upkeep(table, later(days=2), [7], EAGER):
            assert run(table, step)
        last = 15 * (round_ + 1)
        found = sail.sql(count).collect()[0]
        assert (found["n"], found["s"]) == (3 * last, 3 * sum(range(last)))
    old = sail.read.format("delta").option("versionAsOf", 7).load(table.uri)
    assert old.count() == 21
    kinds = {type(step) for step in plan_upkeep(table, later(days=2), [], EAGER)}
    assert kinds <= {Delete, CleanLog}


EAGER = Policy(files=5, files_kept=timedelta(0), log_kept=timedelta(0), entries=1)
