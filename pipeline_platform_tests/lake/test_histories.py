"""Random histories of one table agree with a table of rows held in memory."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pipeline_platform.contracts.windows import DayWindow
from pipeline_platform.errors import CommitConflict, WriteRefused
from pipeline_platform.lake.compaction import plan_compaction
from pipeline_platform.lake.lake import Lake
from pipeline_platform.lake.snapshot import Snapshot
from pipeline_platform.lake.upkeep import Policy, plan_upkeep, run
from pipeline_platform_tests.lake.frames import SCHEMA, Row, day, events, frame, rows_of, staged

days = st.one_of(st.none(), st.integers(0, 3).map(day))
batches = st.lists(st.tuples(days, st.integers(0, 9), st.integers(0, 9)), max_size=5)
windows = st.one_of(
    st.none(),
    st.tuples(st.integers(0, 3), st.integers(1, 2)).map(
        lambda w: DayWindow(day(w[0]), day(sum(w)))
    ),
)
apps = st.sampled_from(["a", "b"])


def inside(row: Row, window: DayWindow | None) -> bool:
    """Whether the row lies in the window's partitions."""
    return window is None or (row[0] is not None and row[0] in window)


class Histories(RuleBasedStateMachine):
    """The oracle: rows, transactions, and a change counter per partition."""

    factory: Any

    def __init__(self) -> None:
        super().__init__()
        self.table = events(Lake(self.factory.mktemp("lake")))
        self.rows: list[Row] = []
        self.seen: dict[str, int] = {}
        self.changed: dict[Any, int] = {}
        self.held: list[tuple[Snapshot, list[Row], int]] = []
        self.clock = 0

    def touch(self, rows: list[Row]) -> None:
        self.clock += 1
        self.changed |= {row[0]: self.clock for row in rows}

    @rule(rows=batches, app=apps, ahead=st.integers(-1, 2))
    def append(self, rows: list[Row], app: str, ahead: int) -> None:
        number = self.seen.get(app, -1) + ahead
        commit = self.table.append(staged(self.table, rows), transaction=(app, number))
        assert commit.already == (app in self.seen and number <= self.seen[app])
        if not commit.already:
            self.rows += rows
            self.seen[app] = number
            self.touch(rows)

    @rule()
    def hold(self) -> None:
        self.held.append((self.table.snapshot(), list(self.rows), self.clock))

    @precondition(lambda self: self.held)
    @rule(rows=batches, window=windows, which=st.integers(0, 9))
    def replace(self, rows: list[Row], window: DayWindow | None, which: int) -> None:
        read, _, at = self.held[which % len(self.held)]
        files = staged(self.table, rows)
        if not all(inside(row, window) for row in rows):
            with pytest.raises(WriteRefused):
                self.table.replace(files, read=read, window=window)
            return
        stale = any(when > at for d, when in self.changed.items() if inside((d, 0, 0), window))
        if stale:
            with suppress(CommitConflict):
                self.table.replace(files, read=read, window=window)
                assert not stale, "a stale replace went through"
            return
        gone = [row for row in self.rows if inside(row, window)]
        self.table.replace(files, read=read, window=window)
        self.rows = [row for row in self.rows if not inside(row, window)] + rows
        self.touch(gone + rows)

    @rule()
    def compact(self) -> None:
        """Rows stay; whoever read the days' files before has to read them again."""
        steps = plan_compaction(self.table.snapshot(), files=2)
        assert all(run(self.table, step) for step in steps)
        for step in steps:
            self.touch([(step.day, 0, 0)])

    @rule()
    def clean(self) -> None:
        """All is old; the versions held are kept by their numbers."""
        later, at_once = datetime.now(UTC) + timedelta(days=9), timedelta(0)
        policy = Policy(files=99, files_kept=at_once, log_kept=at_once, entries=1)
        kept = {snapshot.version for snapshot, _, _ in self.held}
        for step in plan_upkeep(self.table, later, kept, policy):
            assert run(self.table, step)

    @rule()
    def crash_after_staging(self) -> None:
        staged(self.table, [(day(0), 0, 99), (None, 0, 99)])

    @rule(rows=batches)
    def abort(self, rows: list[Row]) -> None:
        with self.table.stage(SCHEMA, "_day", buffer_bytes=1) as staging:
            staging.write(frame(rows))
            staging.abort()

    @invariant()
    def newest_is_the_oracle(self) -> None:
        newest = self.table.snapshot()
        assert rows_of(newest) == ordered(self.rows)
        assert newest.num_rows == len(self.rows)
        assert newest.files.sort("path").equals(self.fresh(newest).files.sort("path"))
        facts = {d: f.rows for d, f in newest.partitions().items()}
        assert facts == {d: sum(r[0] == d for r in self.rows) for d in {r[0] for r in self.rows}}

    def fresh(self, snapshot: Snapshot) -> Snapshot:
        """The same version, opened instead of followed."""
        return self.table.snapshot(snapshot.version)

    def teardown(self) -> None:
        for snapshot, rows, _ in self.held:
            assert rows_of(snapshot) == ordered(rows)
            assert rows_of(self.fresh(snapshot)) == ordered(rows)


def ordered(rows: list[Row]) -> list[Row]:
    """Sorted as `rows_of` sorts."""
    return sorted(rows, key=lambda row: tuple((x is not None, x) for x in row))


def test_histories(tmp_path_factory: pytest.TempPathFactory) -> None:
    machine = type("Machine", (Histories,), {"factory": tmp_path_factory})
    cases = machine.TestCase
    cases.settings = settings(max_examples=15, stateful_step_count=15, deadline=None)
    cases("runTest").runTest()
