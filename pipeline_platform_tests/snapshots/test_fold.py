"""Current rows and history follow the snapshots, whatever they hold."""

from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline_platform.errors import ContractChanged
from pipeline_platform.lake.lake import Lake
from pipeline_platform.lake.shape import empty_frame
from pipeline_platform.snapshots.fold import Folder
from pipeline_platform.snapshots.report import Folded, SnapshotProgress
from pipeline_platform.snapshots.serving import ServingTables
from pipeline_platform.snapshots.snapshots import Snapshots
from pipeline_platform.snapshots.versions import BEGINNING, Versions
from pipeline_platform_tests.snapshots.stage import ITEMS, START, Stage, State, Ticks, column, law

ONE: State = {("a", 1): "x", ("a", 2): None, ("b", 1): "y"}


def versions(stage: Stage) -> tuple[int, int]:
    """The versions of current and history."""
    tables = (stage.lake.table(ITEMS.current), stage.lake.table(ITEMS.history))
    return tables[0].snapshot().version, tables[1].snapshot().version


def small_buckets(snapshots: Snapshots) -> Folded:
    """A fold by many buckets of few rows."""
    parts, ledger, serving = snapshots._parts, snapshots._ledger, snapshots._serving
    serving.ensure()
    return Folder(snapshots.table, parts, ledger, serving, bucket_rows=2).fold()


def test_a_row_opens_changes_vanishes_and_comes_back(stage: Stage) -> None:
    taken: list[datetime] = []
    for state in ({("a", 1): "x"}, {("a", 1): "y"}, {}, {("a", 1): "y"}):
        stage.be(state)
        taken.append(stage.snapshots().take().taken_at)
    folded = stage.snapshots().fold()
    assert (folded.snapshots, folded.opened, folded.changed, folded.closed) == (4, 2, 1, 1)
    assert stage.history() == [
        ("a", 1, "x", BEGINNING, taken[1], False),
        ("a", 1, "y", taken[1], taken[2], False),
        ("a", 1, "y", taken[3], None, True),
    ]
    assert stage.current() == {("a", 1): "y"}
    assert (folded.current_rows, folded.history_rows, folded.last) == (1, 3, 4)


def test_the_same_snapshot_twice_commits_nothing(stage: Stage) -> None:
    stage.be(ONE)
    first = stage.snapshots().take()
    stage.snapshots().fold()
    before = versions(stage), stage.history()
    again = stage.snapshots().take()
    assert (first.unchanged, again.unchanged) == (False, True)
    folded = stage.snapshots().fold()
    assert (versions(stage), stage.history()) == before
    assert (folded.snapshots, folded.opened, folded.changed, folded.closed) == (0, 0, 0, 0)
    assert (folded.current_version, folded.history_version) == before[0]


def test_objects_are_shared_by_snapshots_that_hold_the_same_rows(stage: Stage) -> None:
    table = msgspec.structs.replace(ITEMS, chunk_rows=2)
    stage.be(ONE)
    stage.snapshots(table).take()
    stage.be(ONE | {("c", 1): "z"})
    stage.snapshots(table).take()
    one, two = (set(parts) for parts in stage.ledger()["parts"].to_list())
    assert len(one) == len(two) == 2 and len(one & two) == 1
    assert len(list(stage.store.list("snapshots/items/parts"))) == 3


def test_an_emptied_table_closes_every_row_and_says_so(stage: Stage) -> None:
    stage.be(ONE)
    stage.snapshots().take()
    stage.snapshots().fold()
    stage.be({})
    assert stage.snapshots().take().empty
    folded = stage.snapshots().fold()
    assert (folded.closed, folded.emptied, folded.current_rows) == (3, 1, 0)
    assert stage.current() == {}


def test_nothing_taken_folds_to_two_empty_tables(stage: Stage) -> None:
    folded = stage.snapshots().fold()
    assert (folded.snapshots, folded.current_rows, folded.history_rows, folded.last) == (0,) * 4


def test_both_tables_say_the_last_folded_snapshot(stage: Stage) -> None:
    for state in (ONE, {}, ONE):
        stage.be(state)
        stage.snapshots().take()
    stage.snapshots().fold()
    for name in (ITEMS.current, ITEMS.history):
        assert stage.lake.table(name).snapshot().last_metadata()["snapshot"] == 3


def test_a_killed_fold_between_its_two_commits_is_finished_by_the_next(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def killed(*_: Any) -> None:
        raise Killed

    stage.be(ONE)
    stage.snapshots().take()
    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr("pipeline_platform.snapshots.serving.ServingTables.put", killed)
        stage.snapshots().fold()
    assert stage.current() == {} and len(stage.history()) == 3
    folded = stage.snapshots().fold()
    assert (folded.snapshots, folded.current_rows) == (0, 3)
    assert stage.current() == ONE


def test_a_new_column_is_a_change_only_where_it_has_a_value(stage: Stage) -> None:
    stage.be(ONE)
    stage.snapshots().take()
    stage.snapshots().fold()
    wider = msgspec.structs.replace(ITEMS, columns=(*ITEMS.columns, column("w", "bigint")))
    assert stage.snapshots(wider).take().unchanged is False
    folded = stage.snapshots(wider).fold()
    assert (folded.opened, folded.changed, folded.closed) == (0, 0, 0)
    assert [row[-1] for row in stage.history()] == [None, None, None]
    stage.run("UPDATE items SET w = 7 WHERE a = 'b'")
    stage.snapshots(wider).take()
    folded = stage.snapshots(wider).fold()
    assert (folded.opened, folded.changed, folded.closed) == (0, 1, 0)


@pytest.mark.parametrize("column_type", ["int", "decimal(10,0)"])
def test_a_changed_type_is_refused_before_a_snapshot_is_taken(
    stage: Stage, column_type: str
) -> None:
    stage.be(ONE)
    stage.snapshots().take()
    stage.snapshots().fold()
    columns = (ITEMS.columns[0], column("b", column_type), ITEMS.columns[2])
    other = msgspec.structs.replace(ITEMS, columns=columns)
    with pytest.raises(ContractChanged, match=f"b is bigint, declared {column_type[:3]}"):
        stage.snapshots(other).take()
    assert stage.ledger().height == 1


def test_another_key_is_refused(stage: Stage) -> None:
    stage.be(ONE)
    stage.snapshots().take()
    stage.snapshots().fold()
    other = msgspec.structs.replace(ITEMS, key=("b", "a"))
    with pytest.raises(ContractChanged, match=r"the key was \(a, b\), is \(b, a\)"):
        stage.snapshots(other).fold()


def test_progress_is_told(stage: Stage) -> None:
    told: list[SnapshotProgress] = []
    stage.be(ONE)
    stage.snapshots().take(told.append)
    stage.snapshots().fold(told.append)
    assert [(p.stage, p.rows) for p in told] == [("read", 3), ("sort", 3), ("fold", 3)]


def test_a_clock_that_stands_still_gives_instants_that_increase(tmp_path: Path) -> None:
    stage = Stage(tmp_path, clock=Ticks().__call__)
    now = stage.clock()
    stage.clock = lambda: now
    taken = []
    for state in (ONE, {}, ONE):
        stage.be(state)
        taken.append(stage.snapshots().take().taken_at)
    assert taken == sorted(set(taken))


def test_a_source_that_has_not_changed_adds_no_snapshot(stage: Stage) -> None:
    stage.be(ONE)
    first, again = stage.snapshots().take(), stage.snapshots().take()
    assert not first.unchanged and again.unchanged
    assert (again.number, again.taken_at, stage.ledger().height) == (1, first.taken_at, 1)


_KEYS = st.tuples(st.sampled_from(["", "a", "aa", "A", "ab", "b\x00", "é"]), st.integers(0, 3))
_STATES = st.dictionaries(_KEYS, st.none() | st.sampled_from(["x", "y", ""]), max_size=8)


def frame(state: State) -> pl.DataFrame:
    """A state as rows of `items`."""
    types = {"a": pl.String, "b": pl.Int64, "v": pl.String}
    return pl.DataFrame([(*key, v) for key, v in state.items()], schema=types, orient="row")


@settings(max_examples=150)
@given(st.lists(_STATES, min_size=1, max_size=6))
def test_versions_are_those_of_the_law(states: list[State]) -> None:
    versions = Versions(empty_frame(ServingTables(ITEMS, Lake("lake")).history_schema), ITEMS.key)
    steps = [(START + timedelta(days=n), state) for n, state in enumerate(states)]
    for at, state in steps:
        versions.follow(frame(state), at)
    found = pl.concat([versions.closed, versions.current]).rows()
    assert sorted(found, key=repr) == law(steps)


@settings(max_examples=5)
@given(st.lists(st.tuples(_STATES, st.booleans()), min_size=2, max_size=4))
def test_any_states_fold_to_the_history_that_the_law_says(
    steps: list[tuple[State, bool]],
) -> None:
    with TemporaryDirectory() as folder:
        stage = Stage(Path(folder))
        taken: list[tuple[datetime, State]] = []
        for state, fold in steps:
            stage.be(state)
            taken.append((stage.snapshots().take().taken_at, state))
            if fold:
                small_buckets(stage.snapshots())
        small_buckets(stage.snapshots())
        assert stage.history() == law(taken)
        assert stage.current() == steps[-1][0]
