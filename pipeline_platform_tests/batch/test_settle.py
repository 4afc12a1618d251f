"""Publishing: at one cut, never back, and over all that a batch-only view owes."""

import pytest

from pipeline_platform.batch.change import Filling, bring_up
from pipeline_platform.batch.settle import settle
from pipeline_platform.contracts.views import View
from pipeline_platform.contracts.windows import DayWindow
from pipeline_platform.engine.engine import Engine
from pipeline_platform.errors import Abort, CommitConflict
from pipeline_platform.lake.lake import Lake
from pipeline_platform.speed.fold import fold
from pipeline_platform.views.claims import Claims
from pipeline_platform.views.held import HeldStates
from pipeline_platform.views.publishing import Publish, commit_batch, stage_batch
from pipeline_platform.views.reading import reading
from pipeline_platform.views.states import States
from pipeline_platform_tests.views.store import (
    NOW,
    STREAM,
    Event,
    answered,
    arrive,
    by_shop,
    clock,
    day,
    expected,
)

VIEW = by_shop()
FIRST: list[Event] = [(1, "a", 100), (2, "b", 250)]
SECOND: list[Event] = [(1, "a", 7), (3, "c", 9)]
THIRD: list[Event] = [(1, "b", 11)]


def begun(lake: Lake, engine: Engine, view: View, *epochs: list[Event]) -> list[Event]:
    """Go live with the first epoch; the others arrive after it. All events."""
    for number, events in enumerate(epochs):
        arrive(lake, number, events)
        if number == 0:
            bring_up(view, engine=engine, lake=lake, clock=clock)
    return [event for events in epochs for event in events]


def staged(lake: Lake, engine: Engine, days: list[int], cut: int) -> tuple[Publish, list[object]]:
    """A batch that computed its days at `cut` and is slow to publish."""
    states = States(VIEW, 0, lake)
    publish = Publish(tuple(day(n) for n in days), cut, 1)
    accepted = lake.table(STREAM).snapshot()
    files = stage_batch(states, states.held().snapshot, accepted, publish, engine, 1000)
    return publish, list(files)


def test_an_older_batch_does_not_take_a_newer_one_back(lake: Lake, engine: Engine) -> None:
    events = begun(lake, engine, VIEW, FIRST, SECOND, THIRD)
    fold(VIEW, engine=engine, lake=lake, most_rows=1)
    old, old_files = staged(lake, engine, [1], 1)
    fold(VIEW, engine=engine, lake=lake, most_rows=1)
    assert settle(VIEW, DayWindow.of(day(1)), engine=engine, lake=lake, clock=clock).cut == 2
    states = States(VIEW, 0, lake)
    with pytest.raises(CommitConflict, match="overtaken"):
        commit_batch(states, old, old_files)  # type: ignore[arg-type]
    assert answered(lake, engine) == expected(events)
    assert states.held().cuts[day(1)] == 2
    again, files = staged(lake, engine, [1], 2)
    commit_batch(states, again, files)  # type: ignore[arg-type]
    assert answered(lake, engine) == expected(events)


def test_a_batch_beyond_what_is_folded_is_refused(lake: Lake, engine: Engine) -> None:
    """Else readers would see the days at different epochs."""
    begun(lake, engine, VIEW, FIRST, SECOND)
    publish, files = staged(lake, engine, [1], 1)
    with pytest.raises(CommitConflict, match="overtaken"):
        commit_batch(States(VIEW, 0, lake), publish, files)  # type: ignore[arg-type]
    assert answered(lake, engine) == expected(FIRST)


def test_epochs_folded_while_a_batch_runs_stay(lake: Lake, engine: Engine) -> None:
    events = begun(lake, engine, VIEW, FIRST, SECOND, THIRD)
    fold(VIEW, engine=engine, lake=lake, most_rows=1)
    publish, files = staged(lake, engine, [1, 2, 3], 1)
    fold(VIEW, engine=engine, lake=lake, most_rows=1)
    commit_batch(States(VIEW, 0, lake), publish, files)  # type: ignore[arg-type]
    standing = reading(lake, "by_shop").standing
    assert (standing.as_of, standing.late) == (2, {day(1): 1})
    assert set(standing.cuts.values()) == {1}
    assert answered(lake, engine) == expected(events)


def test_a_batch_only_view_covers_every_day_that_new_epochs_touch(
    lake: Lake, engine: Engine
) -> None:
    view = by_shop(paths="batch")
    events = begun(lake, engine, view, FIRST, SECOND, THIRD)
    assert answered(lake, engine) == expected(FIRST)
    settled = settle(view, DayWindow.of(day(2)), engine=engine, lake=lake, clock=clock)
    assert (settled.cut, settled.as_of) == (2, 2)
    assert settled.days == (day(1), day(2), day(3))
    assert answered(lake, engine) == expected(events)
    assert set(reading(lake, "by_shop").standing.late.values()) == set()
    again = settle(view, None, engine=engine, lake=lake, clock=clock)
    assert (again.days, again.as_of) == ((), 2)


def test_a_fold_beside_a_batch_that_advances_loses_or_wins(lake: Lake, engine: Engine) -> None:
    """Both would put in the same epochs; whoever is second is refused."""
    view = by_shop(paths="batch")
    events = begun(lake, engine, view, FIRST, SECOND)
    states = States(view, 0, lake)
    accepted = lake.table(STREAM).snapshot()
    publish = Publish((day(1), day(3)), 1, 1, follows=0)
    files = stage_batch(states, states.held().snapshot, accepted, publish, engine, 1000)
    fold(view, engine=engine, lake=lake)
    with pytest.raises(CommitConflict):
        commit_batch(states, publish, files)
    assert answered(lake, engine) == expected(events)
    assert HeldStates(states.table.snapshot()).cuts == {day(1): 0, day(2): 0}


def test_settling_what_only_the_stream_keeps_up_is_refused(lake: Lake, engine: Engine) -> None:
    view = by_shop(paths="speed")
    begun(lake, engine, view, FIRST)
    with pytest.raises(Abort, match="real-time"):
        settle(view, None, engine=engine, lake=lake, clock=clock)
    assert reading(lake, "by_shop").standing.cuts == {}


def test_a_batch_claims_where_it_began_and_lets_go(
    lake: Lake, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun(lake, engine, VIEW, FIRST, SECOND)
    fold(VIEW, engine=engine, lake=lake)
    claims = Claims(States(VIEW, 0, lake).table.uri)
    seen: list[int | None] = []
    original = stage_batch

    def told(*args: object) -> object:
        seen.append(claims.least(NOW))
        return original(*args)  # type: ignore[arg-type]

    monkeypatch.setattr("pipeline_platform.batch.settle.stage_batch", told)
    settle(VIEW, None, engine=engine, lake=lake, clock=clock)
    assert seen == [1] and claims.least(NOW) is None
    with claims.held(3, NOW), claims.held(1, NOW):
        assert claims.least(NOW) == 1


def test_a_backfill_goes_by_days_and_says_how_far(lake: Lake, engine: Engine) -> None:
    for epoch, events in enumerate((FIRST, SECOND, THIRD)):
        arrive(lake, epoch, events)
    told: list[Filling] = []
    made = bring_up(VIEW, engine=engine, lake=lake, clock=clock, report=told.append, most_rows=2)
    assert (made.built, made.as_of) == (True, 2)
    assert [(each.days, each.of) for each in told] == [(1, 3), (3, 3)]
    assert answered(lake, engine) == expected([*FIRST, *SECOND, *THIRD])
