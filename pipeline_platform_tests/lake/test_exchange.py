"""Files exchanged in one commit, and appends that follow a version exactly."""

from pathlib import Path

import pytest

from pipeline_platform.errors import CommitConflict
from pipeline_platform.lake.lake import Lake
from pipeline_platform.lake.snapshot import Snapshot
from pipeline_platform.lake.table import LakeTable
from pipeline_platform_tests.lake.frames import day, events, rows_of, staged


def anything(snapshot: Snapshot) -> None:
    """A check that always passes."""


def on_disk(table: LakeTable) -> set[str]:
    """The data files in the table's folder."""
    root = Path(table.uri)
    return {path.relative_to(root).as_posix() for path in root.rglob("*.parquet")}


def test_an_append_follows_its_predecessor_only(lake: Lake) -> None:
    table = events(lake)
    first = table.append(staged(table, [(day(0), 4, 1)]), transaction=("fold", 4), after=None)
    again = table.append(staged(table, [(day(0), 4, 1)]), transaction=("fold", 4), after=None)
    assert (first.already, again.already) == (False, True)
    with pytest.raises(CommitConflict, match="fold stands at 4"):
        table.append(staged(table, [(day(0), 9, 1)]), transaction=("fold", 9), after=3)
    with pytest.raises(CommitConflict, match="fold stands at 4"):
        table.append(staged(table, [(day(0), 9, 1)]), transaction=("fold", 9), after=None)
    with pytest.raises(CommitConflict, match="other stands at None"):
        table.append([], transaction=("other", 1), after=0)
    table.append(staged(table, [(day(0), 9, 2)]), transaction=("fold", 9), after=4)
    assert rows_of(table.snapshot()) == [(day(0), 4, 1), (day(0), 9, 2)]
    assert on_disk(table) == table.snapshot().paths(None)


def test_one_commit_carries_several_transactions(lake: Lake) -> None:
    table = events(lake)
    table.append([], transaction=("fold", 7), after=None, transactions=[("batch", 3)])
    held = table.snapshot()
    assert (held.transaction_version("fold"), held.transaction_version("batch")) == (7, 3)
    assert held.version == 1


def test_an_exchange_leaves_the_rest(lake: Lake) -> None:
    table = events(lake)
    table.append(staged(table, [(d, 0, 1) for d in (day(0), day(1), None)]), transaction=("a", 0))
    table.append(staged(table, [(d, 1, 2) for d in (day(0), None)]), transaction=("a", 1))
    held = table.snapshot()
    null = held.files.filter(held.files["partition._day"].is_null())["path"].to_list()
    new = staged(table, [(None, 1, 3)])
    commit = table.exchange(
        null, new, transactions=[("b", 5)], metadata={"n": 1}, data_change=False, check=anything
    )
    newest = table.snapshot()
    assert rows_of(newest) == [(None, 1, 3), (day(0), 0, 1), (day(0), 1, 2), (day(1), 0, 1)]
    assert (commit.version, commit.rows, commit.already) == (newest.version, 1, False)
    assert newest.transaction_version("b") == 5
    assert newest.transaction_version("a") == 1
    assert newest.last_metadata() == {"n": 1}
    assert rows_of(held)[:2] == [(None, 0, 1), (None, 1, 2)]


def test_an_exchange_of_files_that_are_gone_is_refused_and_its_files_deleted(lake: Lake) -> None:
    table = events(lake)
    table.append(staged(table, [(day(0), 0, 1)]), transaction=("a", 0))
    old = table.snapshot().paths(None)
    table.exchange(
        old, staged(table, [(day(0), 0, 2)]), transactions=[], data_change=True, check=anything
    )
    new = staged(table, [(day(0), 0, 3)])
    with pytest.raises(CommitConflict, match="1 of 1 files are already gone"):
        table.exchange(old, new, data_change=True, check=anything)
    assert rows_of(table.snapshot()) == [(day(0), 0, 2)]
    assert on_disk(table) == table.snapshot().paths(None) | old


def test_the_check_sees_the_version_before_the_commit_and_may_give_up(lake: Lake) -> None:
    table = events(lake)
    table.append(staged(table, [(day(0), 0, 1)]), transaction=("a", 0))
    seen: list[int] = []

    def interfere(base: Snapshot) -> None:
        """At the first look another writer commits; at the second the check gives up."""
        if not seen:
            table.append(staged(table, [(day(0), 1, 1)]), transaction=("a", 1))
        elif base.transaction_version("a") != 0:
            seen.append(base.version)
            raise CommitConflict("enough")
        seen.append(base.version)

    paths = table.snapshot().paths(None)
    with pytest.raises(CommitConflict, match="enough"):
        table.exchange(paths, staged(table, [(day(0), 0, 9)]), data_change=False, check=interfere)
    assert seen == [1, 2]
    assert rows_of(table.snapshot()) == [(day(0), 0, 1), (day(0), 1, 1)]
    assert on_disk(table) == table.snapshot().paths(None)


def test_an_empty_exchange_notes_a_transaction(lake: Lake) -> None:
    table = events(lake)
    table.exchange([], [], transactions=[("retired", 1)], data_change=False, check=anything)
    assert table.snapshot().transaction_version("retired") == 1
