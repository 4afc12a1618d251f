"""A runner on streams and views that are made up: order, errors, pauses, fairness, the end."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event

import pytest

from pipeline_platform.contracts.epochs import Accounting
from pipeline_platform.errors import (
    CommitConflict,
    ContractChanged,
    PlatformError,
    SourceUnavailable,
    StatementFailed,
)
from pipeline_platform.ports.local.clock import now
from pipeline_platform.speed import lane as lanes
from pipeline_platform.speed import pace
from pipeline_platform.speed import runner as runners
from pipeline_platform.speed.lane import Lane
from pipeline_platform.speed.pace import Slices, Unfolded
from pipeline_platform.speed.parts import Nobody
from pipeline_platform.speed.runner import Runner
from pipeline_platform_tests.speed.test_watch import until

LANDED = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Epoch:
    """An epoch of so many rows."""

    head: int
    accounting: Accounting
    newest: datetime | None = LANDED
    changed: tuple[str, ...] = ()


@dataclass
class Made:
    """A source whose objects are row counts; `errors` are raised by the next steps."""

    name: str = "events"
    prefix: str = "events/"
    objects: list[int] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)
    opened: int = 0
    head: int = -1
    tidied: int = 0
    cleaned: int = 0

    @property
    def waiting(self) -> int:
        return len(self.objects)

    @property
    def waiting_bytes(self) -> int:
        return sum(self.objects)

    def open(self) -> None:
        self.opened += 1

    def sight(self, keys: Iterable[str]) -> int:
        return len(list(keys))

    def survey(self) -> int:
        return 0

    def step(self, most_bytes: int, *, look: bool) -> Epoch | None:
        if self.errors:
            raise self.errors.pop(0)
        if not self.objects:
            return None
        rows = self.objects.pop(0)
        self.head += 1
        return Epoch(self.head, Accounting(landed=rows, accepted=rows))

    def tidy(self) -> None:
        self.tidied += 1

    def clean(self) -> None:
        self.cleaned += 1


@dataclass(frozen=True)
class Fold:
    """Epochs up to `upto` are in."""

    upto: int
    rows: int


@dataclass
class Views:
    """Views that fold all that their source has committed, when they are up."""

    source: Made
    up: set[str] = field(default_factory=set)
    errors: dict[str, list[PlatformError]] = field(default_factory=dict)
    as_of: dict[str, int] = field(default_factory=dict)
    upkeep: list[str] = field(default_factory=list)

    def fold(self, names: Sequence[str]) -> Mapping[str, Fold | PlatformError]:
        return {name: self._one(name) for name in names}

    def _one(self, name: str) -> Fold | PlatformError:
        if name not in self.up:
            return CommitConflict("not live")
        if self.errors.get(name):
            return self.errors[name].pop(0)
        rows = self.source.head - self.as_of.get(name, -1)
        self.as_of[name] = self.source.head
        return Fold(self.source.head, rows)


@dataclass
class View:
    """A view that is brought up after `wait` is set."""

    name: str
    views: Views
    wait: Event | None = None
    raised: int = 0

    def bring_up(self) -> None:
        self.raised += 1
        if self.wait is not None:
            assert self.wait.wait(20)
        self.views.up.add(self.name)

    def tidy(self) -> None:
        self.views.upkeep.append(f"tidy {self.name}")

    def clean(self) -> None:
        self.views.upkeep.append(f"clean {self.name}")


def running(
    source: Made, names: Sequence[str] = (), *, once: bool = False, wait: Event | None = None
) -> tuple[Runner, Lane, Views, Event]:
    """A runner of one lane, begun."""
    stop, views = Event(), Views(source)
    kept = [View(name, views, wait if name == "slow" else None) for name in names]
    lane = Lane(
        source,
        kept,
        views,
        stop=stop,
        clock=now,
        tell=Nobody(),
        epoch_bytes=1 << 20,
        once=once,
    )
    runner = Runner([lane], stop=stop, watch=None)
    runner.start()
    return runner, lane, views, stop


def ended(runner: Runner, stop: Event) -> None:
    """Stop the runner and wait for it."""
    stop.set()
    runner.finish()
    assert not runner.running()


def test_once_admits_and_folds_all_and_ends() -> None:
    source = Made(objects=[3, 4, 5])
    runner, lane, views, _ = running(source, ["a", "b"], once=True)
    runner.finish()
    assert (lane.standing.rows, lane.standing.epochs, lane.standing.head) == (12, 3, 2)
    assert views.as_of == {"a": 2, "b": 2}


def test_once_ends_also_when_a_fold_lost_to_the_bringing_up() -> None:
    stop, source = Event(), Made(objects=[3])
    views = Views(source, errors={"a": [CommitConflict("late"), CommitConflict("late")]})
    lane = Lane(
        source,
        [View("a", views)],
        views,
        stop=stop,
        clock=now,
        tell=Nobody(),
        epoch_bytes=1,
        once=True,
    )
    runner = Runner([lane], stop=stop, watch=None)
    runner.start()
    assert until(lambda: not runner.running())
    assert (views.as_of, lane.standing.troubles) == ({"a": 0}, [])


def test_states_are_merged_often_tables_now_and_then_and_old_files_go_rarely(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, epochs in {"_MERGE_STATES": 2, "_MERGE_TABLES": 3, "_CLEAN": 4}.items():
        monkeypatch.setattr(runners, name, epochs)
    source = Made(objects=[1, 1])
    runner, lane, views, stop = running(source, ["a"])
    assert until(lambda: views.upkeep == ["tidy a"])
    assert (source.tidied, source.cleaned) == (0, 0)
    source.objects += [1, 1]
    lane.wake()
    assert until(lambda: views.upkeep == ["tidy a", "tidy a", "clean a"])
    assert (source.tidied, source.cleaned) == (1, 1)
    ended(runner, stop)


def test_a_stop_folds_what_was_committed_and_then_ends() -> None:
    source = Made(objects=[1])
    runner, lane, views, stop = running(source, ["a"])
    assert until(lambda: views.as_of.get("a") == 0)
    source.objects.append(1)
    lane.wake()
    assert until(lambda: source.head == 1)
    ended(runner, stop)
    assert views.as_of == {"a": 1}


def test_a_passing_error_is_shown_tried_again_from_the_tables_and_forgotten() -> None:
    source = Made(objects=[1], errors=[SourceUnavailable("away"), SourceUnavailable("away")])
    runner, lane, _, stop = running(source)
    assert until(lambda: lane.standing.trouble is not None)
    assert until(lambda: source.head == 0 and lane.standing.trouble is None)
    assert source.opened == 3
    ended(runner, stop)


def test_a_changed_contract_holds_its_stream_and_no_other() -> None:
    stop, held, other = Event(), Made("held", objects=[1]), Made("other", objects=[1])
    held.errors.append(ContractChanged("changed", remedy="reprocess"))
    made = [
        Lane(s, [], Views(s), stop=stop, clock=now, tell=Nobody(), epoch_bytes=1)
        for s in (held, other)
    ]
    runner = Runner(made, stop=stop, watch=None)
    runner.start()
    assert until(lambda: made[0].standing.held and other.head == 0)
    other.objects.append(1)
    made[1].wake()
    assert until(lambda: other.head == 1)
    assert (held.head, held.opened) == (-1, 1)
    assert runner.running()
    ended(runner, stop)


def test_a_view_that_comes_up_slowly_stops_neither_admission_nor_the_others() -> None:
    source, wait = Made(objects=[1]), Event()
    runner, lane, views, stop = running(source, ["a", "slow"], wait=wait)
    assert until(lambda: views.as_of.get("a") == 0)
    source.objects += [1, 1, 1]
    lane.wake()
    assert until(lambda: views.as_of.get("a") == 3)
    assert (lane.standing.views["slow"].as_of, lane.standing.troubles) == (None, [])
    wait.set()
    assert until(lambda: views.as_of.get("slow") == 3)
    ended(runner, stop)


def test_a_fold_that_fails_is_shown_and_tried_again_and_holds_back_nobody() -> None:
    source = Made(objects=[1])
    runner, lane, views, stop = running(source, ["a", "b"])
    assert until(lambda: set(views.as_of.values()) == {0})
    views.errors["b"] = [StatementFailed("broken off")]
    source.objects += [pace.MOST_UNFOLDED + 1, 1]
    lane.wake()
    assert until(lambda: lane.standing.views["b"].trouble is not None)
    assert until(lambda: views.as_of["a"] == 2)
    assert until(lambda: views.as_of["b"] == 2 and not lane.standing.troubles)
    ended(runner, stop)


def test_a_view_that_goes_on_conflicting_is_brought_up_again() -> None:
    source = Made(objects=[1])
    runner, lane, views, stop = running(source, ["a"])
    assert until(lambda: views.as_of.get("a") == 0)
    views.up.clear()
    source.objects.append(1)
    lane.wake()
    assert until(lambda: views.as_of.get("a") == 1)
    (view,) = lane.views
    assert isinstance(view, View)
    assert view.raised == 2
    ended(runner, stop)


@pytest.mark.parametrize(("few_bytes", "ahead"), [(0, 2), (1 << 20, 1)])
def test_admission_waits_while_too_much_is_not_folded(
    monkeypatch: pytest.MonkeyPatch, few_bytes: int, ahead: int
) -> None:
    """A backlog is admitted ahead of the folds; while little waits they take turns."""
    monkeypatch.setattr(lanes, "MOST_UNFOLDED", 10)
    monkeypatch.setattr(lanes, "FEW_BYTES", few_bytes)
    source = Made(objects=[1])
    runner, lane, views, stop = running(source, ["a"])
    assert until(lambda: views.as_of.get("a") == 0)
    views.errors["a"] = []
    hold, go = Event(), Event()
    fold = views.fold

    def slowly(names: Sequence[str]) -> Mapping[str, Fold | PlatformError]:
        hold.set()
        assert go.wait(20)
        return fold(names)

    views.fold = slowly  # type: ignore[method-assign]
    source.objects += [8] * 10
    lane.wake()
    assert hold.wait(20)
    assert until(lambda: source.head == ahead)
    time.sleep(0.6)
    assert source.head == ahead
    go.set()
    assert until(lambda: views.as_of["a"] == 10)
    ended(runner, stop)


def test_an_error_that_nobody_foresaw_ends_the_runner() -> None:
    source = Made(errors=[ZeroDivisionError()])
    runner, _, _, stop = running(source, ["a"])
    with pytest.raises(ZeroDivisionError):
        while runner.running():
            time.sleep(0.01)
    assert stop.is_set()


def test_slices_grow_and_shrink_with_the_time_that_epochs_take() -> None:
    slices = Slices(64 << 20)
    for _ in range(20):
        slices.took(0.01)
    assert slices.bytes == 64 << 20
    for _ in range(20):
        slices.took(30)
    assert slices.bytes == 256 << 10


def test_rows_count_as_unfolded_until_every_view_has_them() -> None:
    unfolded = Unfolded()
    unfolded.committed(0, 5, None)
    unfolded.committed(1, 7, LANDED)
    assert unfolded.folded(-1) is None
    assert unfolded.rows == 12
    assert unfolded.folded(0) is None
    assert unfolded.folded(1) == LANDED
    assert unfolded.rows == 0
