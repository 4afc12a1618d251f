"""Snapshots: held, pruned, and knowing their partitions without a scan."""

from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from pipeline_platform.errors import UnknownName
from pipeline_platform.lake.lake import Lake
from pipeline_platform.lake.snapshot import PartitionFacts, Snapshot
from pipeline_platform.lake.table import LakeTable
from pipeline_platform_tests.lake.frames import SCHEMA, day, events, rows_of, staged


def filled(lake: Lake) -> LakeTable:
    """Three epochs: day n gets a row in the epochs >= n; epoch 2 has a null day."""
    table = events(lake)
    for epoch in range(3):
        rows = [(day(n), epoch, 10 * epoch + n) for n in range(epoch + 1)]
        extra = [(None, epoch, 99)] if epoch == 2 else []
        table.append(
            staged(table, [*rows, *extra]), transaction=("a", epoch), metadata={"e": epoch}
        )
    return table


def test_a_held_snapshot_does_not_change(lake: Lake) -> None:
    table = filled(lake)
    held, rows = table.snapshot(), rows_of(table.snapshot())
    table.replace([], read=held, window=None)
    assert rows_of(held) == rows
    assert held.num_rows == len(rows)
    assert table.snapshot().num_rows == 0
    assert rows_of(table.snapshot(held.version)) == rows


def test_partitions_from_the_log(lake: Lake) -> None:
    facts = filled(lake).snapshot().partitions()
    assert facts == {
        day(0): PartitionFacts(3, 3, {"_epoch": 0, "value": 0}, {"_epoch": 2, "value": 20}),
        day(1): PartitionFacts(2, 2, {"_epoch": 1, "value": 11}, {"_epoch": 2, "value": 21}),
        day(2): PartitionFacts(1, 1, {"_epoch": 2, "value": 22}, {"_epoch": 2, "value": 22}),
        None: PartitionFacts(1, 1, {"_epoch": 2, "value": 99}, {"_epoch": 2, "value": 99}),
    }


def test_a_bound_is_missing_when_some_file_has_none(lake: Lake) -> None:
    table = filled(lake)
    table.append(staged(table, [(day(0), 3, None)]), transaction=("a", 3))
    assert table.snapshot().partitions()[day(0)].maximum == {"_epoch": 3, "value": 20}
    table.ensure(SCHEMA.append(pa.field("late", pa.int64())), "_day")
    with table.stage(table.snapshot()) as staging:
        late = {"_day": [day(0)], "_epoch": [4], "value": [1], "late": [5]}
        staging.write(pa.table(late, schema=table.snapshot().schema))
        table.append(staging.finish(), transaction=("a", 4))
    assert "late" not in table.snapshot().partitions()[day(0)].maximum


def test_an_empty_table(lake: Lake) -> None:
    held = events(lake).snapshot()
    assert held.partitions() == {}
    assert held.num_rows == 0
    assert held.frame().collect_schema() == held.frame().collect().schema
    assert held.frame(["value", "_day"]).collect().columns == ["value", "_day"]
    assert held.last_metadata() == {}


def test_days_and_bounds_choose_files_before_reading(lake: Lake) -> None:
    table = filled(lake)
    held = table.snapshot()
    for path in held.paths(None):
        if "_day=2013-01-01" not in path:
            Path(held.uri, path).unlink()
    assert held.frame(["value"], days=[day(0)]).collect().to_series().sort().to_list() == [
        0,
        10,
        20,
    ]
    assert held.frame(["value"], days=[day(0)], between={"_epoch": (1, 1)}).collect().item() == 10


def test_bounds_restrict_rows_too(lake: Lake) -> None:
    held = filled(lake).snapshot()
    found = held.frame(["_epoch"], between={"value": (11, 21), "_epoch": (2, None)}).collect()
    assert found.height == 2
    assert held.frame(between={"_epoch": (3, None)}).collect().height == 0


def test_only_null_days_can_be_asked_for_by_nobody(lake: Lake) -> None:
    held = filled(lake).snapshot()
    assert held.frame(days=[]).collect().height == 0
    assert held.frame().filter(pl.col("_day").is_null()).collect().height == 1


def test_an_unknown_column_names_the_likely_one(lake: Lake) -> None:
    with pytest.raises(UnknownName, match="did you mean 'value'"):
        filled(lake).snapshot().frame(["vaule"])


def test_metadata_of_every_commit(lake: Lake) -> None:
    table = filled(lake)
    held = table.snapshot()
    assert held.last_metadata() == {"e": 2}
    assert [(c.version, c.metadata) for c in held.commits()] == [
        (3, {"e": 2}),
        (2, {"e": 1}),
        (1, {"e": 0}),
        (0, {}),
    ]
    assert table.snapshot(2).last_metadata() == {"e": 1}


def test_partition_column_first_middle_or_last_keeps_its_place(tmp_path: Path) -> None:
    for order in ([0, 1, 2], [1, 0, 2], [1, 2, 0]):
        schema = pa.schema([SCHEMA.field(n) for n in order])
        table = Lake(tmp_path / str(order)).table(events(Lake(tmp_path)).name)
        table.ensure(schema, "_day")
        table.append(staged(table, [(day(0), 1, 2)]), transaction=("a", 0))
        assert table.snapshot().frame().collect().columns == schema.names


@pytest.mark.parametrize("folder", ["year=2013", "with space", "ünï", "a[1]*?", "a#b"])
def test_any_folder_can_hold_the_lake(tmp_path: Path, folder: str) -> None:
    table = filled(Lake(tmp_path / folder))
    held: Snapshot = table.snapshot()
    assert len(rows_of(held)) == held.num_rows == 7
    assert held.frame().collect().columns == SCHEMA.names
