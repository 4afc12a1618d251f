"""Creating, appending, replacing: the guarantees that every store must give."""

from collections.abc import Callable
from threading import Barrier, Thread

import polars as pl
import pyarrow as pa
import pytest
from pyarrow.fs import FileSelector

from pipeline_platform.contracts.names import TableName
from pipeline_platform.contracts.windows import DayWindow
from pipeline_platform.errors import CommitConflict, ContractChanged, UnknownName, WriteRefused
from pipeline_platform.lake.lake import Lake
from pipeline_platform.lake.schema import arrow_schema
from pipeline_platform.lake.table import LakeTable
from pipeline_platform_tests.lake.frames import (
    NAME,
    SCHEMA,
    Row,
    day,
    events,
    frame,
    rows_of,
    staged,
)

ONE, TWO = DayWindow.of(day(0)), DayWindow.of(day(1))


def data_files(table: LakeTable) -> int:
    """Parquet files on the store, whether committed or not."""
    everything = FileSelector(table.uri, recursive=True)
    listed = table._files.filesystem.get_file_info(everything)
    return sum(i.extension == "parquet" and "_delta_log" not in i.path for i in listed)


def in_threads(*works: Callable[[], object]) -> list[object]:
    """Run all at once; what each returned or raised."""
    outcomes: list[object] = [None] * len(works)
    start = Barrier(len(works))

    def run(index: int) -> None:
        start.wait()
        try:
            outcomes[index] = works[index]()
        except (CommitConflict, ContractChanged) as error:
            outcomes[index] = error

    threads = [Thread(target=run, args=(index,)) for index in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_a_table_is_missing_until_it_is_ensured(lake: Lake) -> None:
    events(lake)
    other = lake.table(TableName("serving", "evnets"))
    assert not other.exists()
    with pytest.raises(UnknownName, match=r"did you mean 'serving\.events'"):
        other.snapshot()
    assert lake.names() == [NAME]


def test_ensure_again_commits_nothing(lake: Lake) -> None:
    table = events(lake)
    table.ensure(SCHEMA, "_day")
    assert table.snapshot().version == 0


def test_ensure_races_create_one_table(lake: Lake) -> None:
    table = lake.table(NAME)
    outcomes = in_threads(*[lambda: table.ensure(SCHEMA, "_day", "events")] * 6)
    assert outcomes == [None] * 6
    assert table.snapshot().schema == SCHEMA
    assert table.snapshot().description == "events"


def test_protocol_is_pinned(lake: Lake) -> None:
    table = events(lake)
    table.ensure(SCHEMA.append(pa.field("more", pa.list_(pa.string()))), "_day", "words")
    protocol = table.snapshot().table.protocol()
    assert (protocol.min_reader_version, protocol.min_writer_version) == (1, 2)


def test_new_nullable_columns_are_added_and_read_as_null(lake: Lake) -> None:
    table = events(lake)
    table.append(staged(table, [(day(0), 0, 7)]), transaction=("a", 0))
    table.ensure(SCHEMA.append(pa.field("more", pa.string())), "_day")
    assert table.snapshot().frame().collect().rows() == [(day(0), 0, 7, None)]
    assert table.append(staged(table, [(day(0), 1, 8)]), transaction=("a", 1)).rows == 1


@pytest.mark.parametrize(
    ("schema", "by", "said"),
    [
        (
            SCHEMA.append(pa.field("more", pa.string(), nullable=False)),
            "_day",
            "more is not nullable",
        ),
        (SCHEMA.remove(2), "_day", "value is in the table"),
        (SCHEMA.set(2, pa.field("value", pa.string())), "_day", "bigint, declared string"),
        (SCHEMA.set(1, pa.field("_epoch", pa.int64())), "_day", "not null, declared nullable"),
        (SCHEMA, None, "partitioned by"),
    ],
)
def test_any_other_difference_is_a_changed_contract(
    lake: Lake, schema: pa.Schema, by: str | None, said: str
) -> None:
    table = events(lake)
    with pytest.raises(ContractChanged) as caught:
        table.ensure(schema, by)
    assert said in caught.value.known
    assert table.snapshot().version == 0


def test_descriptions_follow_the_declaration(lake: Lake) -> None:
    table = events(lake)
    said = arrow_schema(
        [
            (f.name, k, f.nullable)
            for f, k in zip(SCHEMA, ("date", "bigint", "bigint"), strict=True)
        ],
        {"value": "what it is"},
    )
    table.ensure(said, "_day", "all events")
    table.ensure(said, "_day", "all events")
    assert table.snapshot().schema.field("value").metadata == {b"comment": b"what it is"}
    assert table.snapshot().description == "all events"


def test_partition_column_must_be_a_date(lake: Lake) -> None:
    with pytest.raises(WriteRefused, match="not a date column"):
        lake.table(NAME).ensure(SCHEMA, "value")


def test_append_is_once_per_transaction(lake: Lake) -> None:
    table = events(lake)
    rows: list[Row] = [(day(0), 0, 1), (day(1), 0, 2), (None, 0, None)]
    first = table.append(staged(table, rows), transaction=("a", 0), metadata={"landed": 3})
    again = table.append(staged(table, rows), transaction=("a", 0))
    assert (first.already, first.rows, first.version) == (False, 3, 1)
    assert (again.already, again.rows, again.version) == (True, 0, 1)
    held = table.snapshot()
    assert rows_of(held) == sorted(rows, key=lambda r: (r[0] is not None, r[0]))  # type: ignore[arg-type]
    assert held.last_metadata() == {"landed": 3}
    assert data_files(table) == 3


def test_an_older_transaction_is_already_done(lake: Lake) -> None:
    table = events(lake)
    table.append(staged(table, [(day(0), 5, 1)]), transaction=("a", 5))
    assert table.append(staged(table, [(day(0), 4, 1)]), transaction=("a", 4)).already
    assert not table.append(staged(table, [(day(0), 4, 1)]), transaction=("b", 4)).already


def test_append_without_files_carries_the_transaction(lake: Lake) -> None:
    table = events(lake)
    assert table.append([], transaction=("a", 0), metadata={"landed": 0}).version == 1
    assert table.append([], transaction=("a", 0)).already
    assert table.snapshot().transaction_version("a") == 0
    assert table.snapshot().num_rows == 0


def test_appends_of_different_applications_all_win(lake: Lake) -> None:
    table = events(lake)
    files = [staged(table, [(day(0), n, n)]) for n in range(6)]
    works = [lambda n=n: table.append(files[n], transaction=(f"app{n}", 0)) for n in range(6)]
    in_threads(*works)
    assert [row[2] for row in rows_of(table.snapshot())] == list(range(6))


def test_appends_of_one_transaction_win_once(lake: Lake) -> None:
    table = events(lake)
    files = [staged(table, [(day(0), 0, n)]) for n in range(6)]
    outcomes = in_threads(
        *[lambda n=n: table.append(files[n], transaction=("a", 0)).already for n in range(6)]
    )
    assert sorted(outcomes) == [False] + [True] * 5  # type: ignore[type-var]
    assert table.snapshot().num_rows == 1
    assert data_files(table) == 1


def test_replace_touches_only_its_window(lake: Lake) -> None:
    table = events(lake)
    table.append(
        staged(table, [(day(n), 0, n) for n in range(3)] + [(None, 0, 9)]), transaction=("a", 0)
    )
    commit = table.replace(staged(table, [(day(1), 1, 10)]), read=table.snapshot(), window=TWO)
    assert commit.rows == 1
    assert [r[2] for r in rows_of(table.snapshot())] == [9, 0, 10, 2]


def test_replace_by_nothing_empties_the_window(lake: Lake) -> None:
    table = events(lake)
    table.append(staged(table, [(day(n), 0, n) for n in range(3)]), transaction=("a", 0))
    table.replace([], read=table.snapshot(), window=DayWindow(day(0), day(2)))
    assert rows_of(table.snapshot()) == [(day(2), 0, 2)]


def test_replace_of_the_whole_table(lake: Lake) -> None:
    table = events(lake)
    table.append(staged(table, [(day(0), 0, 0), (None, 0, 1)]), transaction=("a", 0))
    table.replace(staged(table, [(day(5), 1, 2)]), read=table.snapshot(), window=None)
    assert rows_of(table.snapshot()) == [(day(5), 1, 2)]


@pytest.mark.parametrize("rows", [[(day(1), 0, 1)], [(None, 0, 1)]])
def test_rows_outside_the_window_are_refused(lake: Lake, rows: list[Row]) -> None:
    table = events(lake)
    before = table.snapshot()
    with pytest.raises(WriteRefused, match=str(rows[0][0] or "NULL")):
        table.replace(staged(table, rows), read=before, window=ONE)
    assert table.snapshot().version == before.version


def test_a_table_without_partitions_is_replaced_whole_or_not_at_all(lake: Lake) -> None:
    table = lake.table(NAME)
    table.ensure(SCHEMA, None)
    with pytest.raises(WriteRefused, match="without partitions"):
        table.replace([], read=table.snapshot(), window=ONE)
    with table.stage(table.snapshot()) as staging:
        staging.write(frame([(day(0), 0, 1), (day(4), 0, 2)]))
        table.replace(staging.finish(), read=table.snapshot(), window=None)
    assert table.snapshot().num_rows == 2


@pytest.mark.parametrize("filled", [True, False], ids=["filled window", "empty window"])
@pytest.mark.parametrize("window", [ONE, None], ids=["window", "whole table"])
def test_a_stale_replace_is_refused_after_an_append(
    lake: Lake, filled: bool, window: DayWindow | None
) -> None:
    table = events(lake)
    if filled:
        table.append(staged(table, [(day(0), 0, 0)]), transaction=("a", 0))
    read = table.snapshot()
    table.append(staged(table, [(day(0), 1, 1)]), transaction=("a", 1))
    with pytest.raises(CommitConflict):
        table.replace(staged(table, [(day(0), 2, 2)]), read=read, window=window)
    assert rows_of(table.snapshot())[-1] == (day(0), 1, 1)


def test_a_stale_replace_passes_changes_of_other_days(lake: Lake) -> None:
    table = events(lake)
    read = table.snapshot()
    table.append(staged(table, [(day(1), 0, 1)]), transaction=("a", 0))
    table.replace(staged(table, [(day(2), 0, 2)]), read=read, window=DayWindow.of(day(2)))
    table.replace(staged(table, [(day(0), 0, 0)]), read=read, window=ONE)
    assert [row[2] for row in rows_of(table.snapshot())] == [0, 1, 2]


def test_replaces_of_disjoint_windows_both_win(lake: Lake) -> None:
    table = events(lake)
    read = table.snapshot()
    files = [staged(table, [(day(n), 0, n)]) for n in range(4)]
    in_threads(
        *[
            lambda n=n: table.replace(files[n], read=read, window=DayWindow.of(day(n)))
            for n in range(4)
        ]
    )
    assert [row[2] for row in rows_of(table.snapshot())] == [0, 1, 2, 3]


def test_replaces_of_one_window_win_once(lake: Lake) -> None:
    table = events(lake)
    read = table.snapshot()
    files = [staged(table, [(day(0), 0, n)]) for n in range(4)]
    outcomes = in_threads(
        *[lambda n=n: table.replace(files[n], read=read, window=ONE) for n in range(4)]
    )
    assert sum(isinstance(outcome, CommitConflict) for outcome in outcomes) == 3
    assert table.snapshot().num_rows == 1


def test_files_that_do_not_fit_are_refused_at_the_commit(lake: Lake) -> None:
    table = events(lake)
    text = SCHEMA.set(2, pa.field("value", pa.string()))
    with table.stage(text, "_day") as staging:
        staging.write(pa.Table.from_pylist([{"_day": day(0), "_epoch": 0, "value": "7"}], text))
        files = staging.finish()
    with pytest.raises(WriteRefused, match="value is string, not bigint"):
        table.append(files, transaction=("a", 0))
    lacking = SCHEMA.remove(1)
    with table.stage(lacking, "_day") as staging:
        staging.write(pa.Table.from_pylist([{"_day": day(0), "value": 7}], lacking))
        files = staging.finish()
    with pytest.raises(WriteRefused, match="_epoch is required"):
        table.append(files, transaction=("a", 0))
    assert table.snapshot().num_rows == 0


def test_slabs_hold_every_row_once_in_whole_files(lake: Lake) -> None:
    table = events(lake)
    assert not list(table.snapshot().slabs(3))
    for epoch in range(5):
        rows = [(day(n), epoch, n) for n in range(2)]
        table.append(staged(table, rows), transaction=("admit", epoch))
    held = table.snapshot()
    assert [rows.collect().height for rows in held.slabs(3)] == [3, 3, 3, 1]
    assert [rows.collect().height for rows in held.slabs(1)] == [1] * 10
    found = pl.concat([rows.collect() for rows in held.slabs(4, days=[day(1)])])
    assert sorted(found["_epoch"]) == list(range(5))
    assert found["_day"].unique().to_list() == [day(1)]
