"""A table held in a process sees every commit at once, and what it held stays."""

import shutil
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake

from pipeline_platform.contracts.windows import DayWindow
from pipeline_platform.errors import CapabilityMissing, UnknownName
from pipeline_platform.lake.lake import Lake
from pipeline_platform.lake.log import Log, entry_path
from pipeline_platform.lake.snapshot import Snapshot
from pipeline_platform_tests.lake.frames import NAME, SCHEMA, day, events, rows_of, staged
from pipeline_platform_tests.lake.test_interop import SCHEMA as WIDE
from pipeline_platform_tests.lake.test_interop import row


def opened(snapshot: Snapshot) -> pl.DataFrame:
    """The files of this version as deltalake lists them."""
    table = DeltaTable(snapshot.uri, snapshot.version)
    return pl.DataFrame(table.get_add_actions(flatten=True)).sort("path")


def test_files_followed_in_the_log_equal_those_opened(lake: Lake) -> None:
    table = lake.table(NAME)
    table.ensure(WIDE, "_day")
    held: list[Snapshot] = [table.snapshot()]
    for epoch in range(6):
        with table.stage(WIDE, "_day") as staging:
            rows = [row(n) for n in range(epoch * 20, epoch * 20 + 20)]
            staging.write(pa.Table.from_pylist(rows, WIDE))
            table.append(staging.finish(), transaction=("a", epoch))
        if epoch % 2:
            window, read = DayWindow.of(day(epoch % 3)), table.snapshot()
            chosen = read.scan(sorted(read.paths(window))).select(WIDE.names).collect()
            with table.stage(read) as staging:
                staging.write(chosen)
                table.replace(staging.finish(), read=read, window=window)
        held.append(table.snapshot())
    assert [len(each.tail) for each in held[:3]] == [0, 1, 3]
    for snapshot in reversed(held):
        assert snapshot.files.sort("path").equals(opened(snapshot))
        assert snapshot.table.version() == snapshot.version
        assert snapshot.transaction_version("a") == snapshot.table.transaction_version("a")


def test_commits_of_other_handles_are_seen_and_held_versions_stay(lake: Lake) -> None:
    mine, theirs = events(lake), Lake(lake.root).table(NAME)
    first = mine.snapshot()
    theirs.append(staged(theirs, [(day(0), 0, 1)]), transaction=("a", 0))
    second = mine.snapshot()
    frame = pa.table({"_day": [day(1)], "_epoch": [1], "value": [2]}, schema=SCHEMA)
    once = CommitProperties(app_transactions=[Transaction("a", 1)])
    write_deltalake(mine.uri, frame, mode="append", commit_properties=once)
    third = mine.snapshot()
    assert [rows_of(each) for each in (first, second, third)] == [
        [],
        [(day(0), 0, 1)],
        [(day(0), 0, 1), (day(1), 1, 2)],
    ]
    assert [each.transaction_version("a") for each in (first, second, third)] == [None, 0, 1]
    assert mine.snapshot() is third


def test_a_new_column_and_a_table_made_anew_are_seen(lake: Lake) -> None:
    table = events(lake)
    table.append(staged(table, [(day(0), 0, 1)]), transaction=("a", 0))
    assert table.snapshot().version == 1
    Lake(lake.root).table(NAME).ensure(SCHEMA.append(pa.field("late", pa.int32())), "_day")
    assert table.snapshot().schema.names == [*SCHEMA.names, "late"]
    shutil.rmtree(table.uri)
    assert not table.exists()
    with pytest.raises(UnknownName, match="unknown table"):
        table.snapshot()
    again = events(Lake(lake.root))
    again.append(staged(again, [(day(2), 7, 7)]), transaction=("a", 7))
    again.append([], transaction=("a", 8))
    assert rows_of(table.snapshot()) == [(day(2), 7, 7)]


def test_a_sleeper_does_not_commit_below_a_log_that_was_cleaned(lake: Lake) -> None:
    """Its number is free again, yet the table went on; nobody would read such a commit."""
    asleep, awake = events(lake), Lake(lake.root).table(NAME)
    held = asleep.snapshot()
    for epoch in range(12):
        awake.append(staged(awake, [(day(0), epoch, 1)]), transaction=("a", epoch))
    for version in range(9):
        Path(awake.uri, entry_path(version)).unlink()
    assert not Log(asleep.uri).put(held.version + 1, [])
    Path(awake.uri, entry_path(held.version + 1)).unlink()
    assert asleep.snapshot().version == 12
    commit = asleep.append(staged(asleep, [(day(0), 12, 1)]), transaction=("a", 12), after=11)
    assert (commit.version, asleep.snapshot().num_rows) == (13, 13)


def test_many_commits_missed_are_read_from_a_checkpoint(lake: Lake) -> None:
    mine, theirs = events(lake), Lake(lake.root).table(NAME)
    assert mine.snapshot().version == 0
    for number in range(210):
        theirs.append([], transaction=("a", number))
    newest = mine.snapshot()
    assert (newest.version, len(newest.tail)) == (210, 0)
    assert newest.transaction_version("a") == 209


def test_a_vanished_version_is_named(lake: Lake) -> None:
    table = events(lake)
    with pytest.raises(UnknownName, match=r"unknown version of serving\.events '7'") as caught:
        table.snapshot(7)
    assert "the newest is 0" in caught.value.known
    assert caught.value.remedy


def test_a_table_with_features_beyond_ours_is_refused(tmp_path: Path) -> None:
    rows = pa.table({"x": [1]})
    write_deltalake(
        str(tmp_path / "serving" / "events"),
        rows,
        configuration={"delta.enableDeletionVectors": "true"},
    )
    with pytest.raises(CapabilityMissing, match="asks for features"):
        Lake(tmp_path).table(NAME).snapshot()
