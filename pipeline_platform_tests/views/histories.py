"""Histories written out: each is exact as the platform is, and wrong under its mutant."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from pipeline_platform.batch import settle as settling
from pipeline_platform.contracts.windows import DayWindow
from pipeline_platform.errors import CommitConflict
from pipeline_platform.lake.generations import generation_of
from pipeline_platform.views.publishing import commit_batch, stage_batch
from pipeline_platform.views.states import States
from pipeline_platform_tests.views.oracle import DEFINITIONS, Event, Shop, accepted, by_city
from pipeline_platform_tests.views.stage import Crash, Stage, ended_at, reworded, view_of

DAY = date(2026, 3, 1)
VIEW = view_of("by_shop")


def event(id: str, *, day: int = 1, amount: str = "1.00", item: str = "x") -> Event:
    """An event of shop `a` at noon."""
    at = datetime(2026, 3, day, 12, tzinfo=UTC)
    return Event(-1, id, at, "a", Decimal(amount), item)


def exact(stage: Stage) -> None:
    """The view answers what the oracle makes of everything that is committed."""
    while stage.fold(VIEW).rows:
        pass
    found, answer = stage.read(VIEW)
    head = stage.admission.tables.committed()
    assert found.standing.as_of == head
    assert answer == DEFINITIONS["by_shop"](accepted(stage.admission, head))


def took_everything(stage: Stage, rows: int) -> None:
    """Exactly `rows` landed rows are in the books, and they balance."""
    total = stage.admission.run().total
    assert total.landed == rows
    assert total.balanced


def begun(root: Path, *objects: Sequence[Event]) -> Stage:
    """A stream with these objects, an epoch each, and the view brought up after the first."""
    stage = Stage(root)
    for number, events in enumerate(objects):
        stage.land(events)
        stage.admit()
        if number == 0:
            stage.bring_up(VIEW)
        stage.fold(VIEW)
    return stage


def arrives_under_an_earlier_name(root: Path) -> None:
    """An object whose name sorts before one that was admitted."""
    stage = begun(root, [event("e1")])
    stage.land([event("e2")], name="!")
    stage.admit()
    took_everything(stage, 2)
    exact(stage)


def lands_while_an_epoch_is_retried(root: Path) -> None:
    """An object that lands between the crash of an epoch and its retry."""
    stage = begun(root, [event("e1")])
    stage.land([event("e2")])
    try:
        with ended_at(0, "after"):
            stage.admit()
    except Crash:
        pass
    stage.land([event("e3")])
    stage.admit()
    took_everything(stage, 3)
    exact(stage)


def retries_in_one_process(root: Path) -> None:
    """An admission that lives on after its epoch failed half way."""
    from pipeline_platform.ingest.live import LiveAdmission

    stage = begun(root, [event("e1")])
    here = stage.platform
    living = LiveAdmission(stage.admission, store=here.store, clock=here.clock)
    stage.land([event("e2")])
    living.open()
    try:
        with ended_at(1, "before"):
            living.step(1 << 20)
    except Crash:
        pass
    living.open()
    while living.step(1 << 20):
        pass
    assert stage.admission.tables.accepted.snapshot().num_rows == 2
    exact(stage)


def one_id_on_two_days(root: Path) -> None:
    """The same id on another day is another event."""
    exact(begun(root, [event("e1")], [event("e1", day=2)]))


def settles_a_folded_day(root: Path) -> None:
    """A batch over a day that the real-time path has folded already."""
    stage = begun(root, [event("e1")], [event("e2")])
    stage.settle(VIEW, DayWindow.of(DAY))
    exact(stage)


def reads_while_an_epoch_is_uncommitted(root: Path) -> None:
    """Refused rows that are written, of an epoch that is not committed."""
    from pipeline_platform.lake.catalog import load

    stage = begun(root, [event("e1")])
    stage.platform.store.put_if_absent("sales/broken.json", b"{}\n")
    try:
        with ended_at(1, "after"):
            stage.admit()
    except Crash:
        pass
    assert load(stage.platform.lake, "serving.sales__refused", "polars").height == 0


def late_event_after_the_batch(root: Path) -> None:
    """An event of a day that the batch has settled."""
    stage = begun(root, [event("e1")])
    stage.settle(VIEW, DayWindow.of(DAY))
    stage.land([event("late")])
    stage.admit()
    exact(stage)


def settles_before_the_fold(root: Path) -> None:
    """A batch while an epoch is committed and not folded yet."""
    stage = begun(root, [event("e1")])
    stage.land([event("e2")])
    stage.admit()
    stage.settle(VIEW, DayWindow.of(DAY))
    exact(stage)


def repeats_an_old_event(root: Path) -> None:
    """A repeat of an event that is two epochs old."""
    stage = begun(root, [event("e1")], [event("e2")], [event("e1"), event("e3")])
    stage.settle(VIEW, DayWindow.of(DAY))
    exact(stage)


def counts_late_events_of_a_day(root: Path) -> None:
    """A table beside the stream changes; then an event of a day comes that was counted before."""
    stage, view = Stage(root), view_of("by_city")
    first = {"a": Shop("Oslo", True)}
    stage.locate(first)
    stage.land([event("e1")])
    stage.admit()
    stage.bring_up(view)
    stage.locate({"a": Shop("Rom", True)})
    stage.land([event("late")])
    stage.admit()
    stage.fold(view)
    for _ in range(2):
        found, answer = stage.read(view)
        assert answer == by_city(accepted(stage.admission, found.standing.as_of), {DAY: first})
        stage.settle(view, DayWindow.of(DAY))


@dataclass
class _Batch:
    """A batch whose rows are computed and not published."""

    stage: Stage

    def __post_init__(self) -> None:
        from pipeline_platform.views.live import require_live

        here = self.stage.platform
        self.now = require_live(here.lake, VIEW.name)
        self.states = States(self.now.view, self.now.generation, here.lake)
        before = self.states.held()
        rows = here.lake.table(VIEW.source).snapshot()
        self.publish = settling.planned(self.now, before, rows, DayWindow.of(DAY))
        self.files = stage_batch(
            self.states, before.snapshot, rows, self.publish, here.engine, 1_000_000
        )

    def end(self) -> None:
        """Publish now; a batch that was overtaken gives way."""
        with contextlib.suppress(CommitConflict):
            commit_batch(self.states, self.publish, self.files)


def publishes_after_a_newer_batch(root: Path) -> None:
    """A zombie: its batch was computed at an older cut than the one published meanwhile."""
    stage = begun(root, [event("e1")])
    zombie = _Batch(stage)
    stage.land([event("e2")])
    stage.admit()
    stage.fold(VIEW)
    stage.settle(VIEW, DayWindow.of(DAY))
    zombie.end()
    exact(stage)


def compacts_while_a_batch_runs(root: Path) -> None:
    """Compaction of epochs on both sides of the cut of a running batch."""
    stage = begun(root, [event("e1")], [event("e2")])
    batch = _Batch(stage)
    stage.land([event("e3")])
    stage.admit()
    stage.fold(VIEW)
    batch.states.compact(stage.platform.engine, least_files=2)
    batch.end()
    exact(stage)


def folds_while_a_batch_runs(root: Path) -> None:
    """An event that is folded after the cut of a running batch."""
    stage = begun(root, [event("e1")])
    batch = _Batch(stage)
    stage.land([event("e2")])
    stage.admit()
    stage.fold(VIEW)
    batch.end()
    exact(stage)


def plans_an_epoch_twice(root: Path) -> None:
    """Two admissions that plan the same epoch."""
    stage = begun(root, [event("e1")])
    stage.land([event("e2")])
    for _ in range(2):
        try:
            with ended_at(0, "after"):
                stage.admit()
        except Crash:
            pass
    first = stage.admission.tables.ledger
    (plan,) = first.plans(1, 1)
    first.plan(plan)
    stage.admit()
    took_everything(stage, 2)
    exact(stage)


def rebuilds_the_accepted_rows(root: Path) -> None:
    """Another generation of accepted rows while the view is live."""
    from pipeline_platform.ingest.reprocess import reprocess

    stage = begun(root, [event("e1")], [event("e2")])
    before = generation_of(stage.admission.tables.accepted.snapshot())
    reprocess_now(stage, reprocess)
    assert generation_of(stage.admission.tables.accepted.snapshot()) == before + 1
    stage.land([event("e3")])
    stage.admit()
    with contextlib.suppress(CommitConflict):
        stage.fold(VIEW)
    stage.bring_up(VIEW)
    found, _ = stage.read(VIEW)
    assert found.standing.generation == before + 1
    exact(stage)


def reprocess_now(stage: Stage, reprocess) -> None:  # type: ignore[no-untyped-def]
    """Rebuild the accepted rows as a new generation."""
    here = stage.platform
    reprocess(stage.admission, store=here.store, clock=here.clock, leases=here.leases)


def changes_over_history(root: Path) -> None:
    """A changed view over rows that came before it."""
    stage = begun(root, [event("e1")], [event("e2", day=2)])
    stage.bring_up(view_of("by_shop", sql=reworded(VIEW.sql)))
    found, answer = stage.read(VIEW)
    assert answer == DEFINITIONS["by_shop"](accepted(stage.admission, found.standing.as_of))


def changes_during_arrivals(root: Path) -> None:
    """A swap never takes an answer back that was read before it."""
    stage = begun(root, [event("e1")])
    changed = view_of("by_shop", sql=reworded(VIEW.sql))
    try:
        with ended_at(2, "after"):
            stage.bring_up(changed)
    except Crash:
        pass
    stage.land([event("e2")])
    stage.admit()
    with contextlib.suppress(CommitConflict):
        stage.fold(VIEW)
    before, _ = stage.read(VIEW)
    stage.bring_up(changed)
    after, _ = stage.read(VIEW)
    assert after.standing.as_of >= before.standing.as_of
    exact(stage)
