"""What is live: swaps that lose nothing, do not go back, and survive any ending."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from pipeline_platform.batch.change import bring_up, retire
from pipeline_platform.batch.settle import settle
from pipeline_platform.contracts.views import View
from pipeline_platform.engine.engine import Engine
from pipeline_platform.errors import CommitConflict, UnknownName
from pipeline_platform.lake.lake import Lake
from pipeline_platform.lake.table import LakeTable
from pipeline_platform.models.listing import load
from pipeline_platform.speed.fold import fold
from pipeline_platform.views.folding import committed, fold_into
from pipeline_platform.views.live import Live, live, swap
from pipeline_platform.views.publishing import Publish, begin_fill, commit_batch, stage_batch
from pipeline_platform.views.reading import reading
from pipeline_platform.views.states import States
from pipeline_platform_tests.views.store import (
    SCHEMA,
    STREAM,
    Event,
    answered,
    arrive,
    by_shop,
    clock,
    day,
    expected,
    restate,
)

FIRST: list[Event] = [(1, "a", 100), (1, "b", 250), (2, "a", 50), (2, None, 1)]
LATE: list[Event] = [(1, "b", 300), (3, "c", 7)]
OLD, NEW = by_shop(), by_shop(where="WHERE amount > 1")


class Crash(Exception):
    """The process ended here."""


@contextmanager
def ended_at(commit: int, when: str) -> Iterator[None]:
    """End the process before or after its commit of that number, counted from 0."""
    made = 0
    original = LakeTable._commit

    def counted(table: LakeTable, *args: Any) -> bool:
        nonlocal made
        made += 1
        if made - 1 != commit:
            return original(table, *args)
        if when == "after":
            original(table, *args)
        raise Crash

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LakeTable, "_commit", counted)
        yield


def up(view: View, lake: Lake, engine: Engine, most_rows: int = 1000) -> Any:
    return bring_up(view, engine=engine, lake=lake, clock=clock, most_rows=most_rows)


def now(lake: Lake) -> Live:
    found = live(lake, "by_shop")
    assert found is not None
    return found


def kept(events: list[Event]) -> list[Event]:
    """What the view `NEW` keeps."""
    return [event for event in events if event[2] > 100]


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_ending_at_any_commit_of_a_change_is_gone_on_from(
    lake: Lake, engine: Engine, when: str
) -> None:
    """Days are filled one by one here, so that endings fall between them too."""
    arrive(lake, 0, FIRST)
    up(OLD, lake, engine)
    arrive(lake, 1, LATE)
    fold(OLD, engine=engine, lake=lake)
    events, ended, epoch = [*FIRST, *LATE], 0, 2
    for commit in range(20):
        before = reading(lake, "by_shop").standing.as_of
        try:
            with ended_at(commit, when):
                up(NEW, lake, engine, most_rows=1)
        except Crash:
            ended += 1
        assert reading(lake, "by_shop").standing.as_of >= before
        answer = kept(events) if now(lake).view == NEW else events
        assert answered(lake, engine) == expected(answer)
        arrive(lake, epoch, [(1, "b", 100 + epoch)])
        events, epoch = [*events, (1, "b", 100 + epoch)], epoch + 1
        try:
            fold(OLD, engine=engine, lake=lake)
        except CommitConflict:
            assert States(OLD, 0, lake).held().retired == now(lake).number
        else:
            answer = kept(events) if now(lake).view == NEW else events
            assert answered(lake, engine) == expected(answer)
        if now(lake).view == NEW:
            break
    up(NEW, lake, engine)
    fold(NEW, engine=engine, lake=lake)
    assert ended >= 1
    assert answered(lake, engine) == expected(kept(events))


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("commit", range(8))
def test_a_first_build_that_ended_is_gone_on_from(
    lake: Lake, engine: Engine, commit: int, when: str
) -> None:
    arrive(lake, 0, FIRST)
    arrive(lake, 1, LATE)
    try:
        with ended_at(commit, when):
            up(OLD, lake, engine, most_rows=1)
    except Crash:
        with pytest.raises((CommitConflict, UnknownName)):
            if live(lake, "by_shop") is not None:
                raise CommitConflict("it was swapped already") from None
            reading(lake, "by_shop")
    arrive(lake, 2, LATE)
    up(OLD, lake, engine)
    fold(OLD, engine=engine, lake=lake)
    assert reading(lake, "by_shop").standing.as_of == 2
    assert answered(lake, engine) == expected([*FIRST, *LATE, *LATE])


@pytest.mark.parametrize("when", ["before", "after"])
def test_folds_and_publishes_that_ended_are_repeated(lake: Lake, engine: Engine, when: str) -> None:
    arrive(lake, 0, FIRST)
    up(OLD, lake, engine)
    arrive(lake, 1, LATE)
    with pytest.raises(Crash), ended_at(0, when):
        fold(OLD, engine=engine, lake=lake)
    fold(OLD, engine=engine, lake=lake)
    assert answered(lake, engine) == expected([*FIRST, *LATE])
    for commit in range(2):
        events = [*FIRST, *LATE * (1 + commit)]
        with pytest.raises(Crash), ended_at(commit, when):
            settle(OLD, None, engine=engine, lake=lake, clock=clock)
        assert answered(lake, engine) == expected(events)
        settle(OLD, None, engine=engine, lake=lake, clock=clock)
        assert reading(lake, "by_shop").standing.late == {}
        assert answered(lake, engine) == expected(events)
        rows = load(lake, engine, "serving.by_shop__batch", "polars").to_dicts()
        found = {row["shop"]: (row["total"], row["events"]) for row in rows}
        assert found == expected(events)
        arrive(lake, 2 + commit, LATE)
        fold(OLD, engine=engine, lake=lake)


def test_states_that_gave_way_take_nothing_more(lake: Lake, engine: Engine) -> None:
    """A fold and a publish that began before the swap end after it."""
    arrive(lake, 0, FIRST)
    up(OLD, lake, engine)
    began, states = now(lake), States(OLD, 0, lake)
    arrive(lake, 1, LATE)
    accepted = lake.table(STREAM).snapshot()
    publish = Publish((day(1),), 0, began.number)
    files = stage_batch(states, states.held().snapshot, accepted, publish, engine, 1000)
    up(NEW, lake, engine)
    before = states.held().snapshot.version
    with pytest.raises(CommitConflict, match="stopped"):
        commit_batch(states, publish, files)
    with pytest.raises(CommitConflict, match="cannot follow"):
        fold_into(states, began.number, accepted, engine=engine)
    assert states.held().snapshot.version == before
    assert reading(lake, "by_shop").standing.as_of == 1


def test_a_swap_waits_for_what_the_old_definition_answered(lake: Lake, engine: Engine) -> None:
    """The old states go on after the new ones caught up, and before they stop."""
    arrive(lake, 0, FIRST)
    up(OLD, lake, engine)
    made = States(NEW, 0, lake)
    original, late = LakeTable.append, []

    def slow(table: LakeTable, files: Any, *, transaction: Any, **options: Any) -> Any:
        if transaction[0] == "retired" and not late:
            late.append(True)
            arrive(lake, 1, LATE)
            fold(OLD, engine=engine, lake=lake)
            assert made.held().folded == 0
        return original(table, files, transaction=transaction, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LakeTable, "append", slow)
        assert up(NEW, lake, engine).as_of == 1
    assert late and answered(lake, engine) == expected(kept([*FIRST, *LATE]))


def test_who_takes_the_change_back_goes_on_and_the_change_loses(lake: Lake, engine: Engine) -> None:
    """The old definition is brought up again between the end of its states and the swap."""
    arrive(lake, 0, FIRST)
    up(OLD, lake, engine)
    began = now(lake)
    new = States(NEW, 0, lake)
    with pytest.raises(Crash), pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipeline_platform.batch.change.swap", lambda *a, **k: _crash())
        up(NEW, lake, engine)
    with pytest.raises(CommitConflict):
        arrive(lake, 1, LATE)
        fold(OLD, engine=engine, lake=lake)
    assert up(OLD, lake, engine).swapped
    assert fold(OLD, engine=engine, lake=lake).upto == 1
    assert answered(lake, engine) == expected([*FIRST, *LATE])
    with pytest.raises(CommitConflict):
        swap(lake, NEW, 0, after=began.number)
    assert new.held().folded == 0
    assert up(NEW, lake, engine).as_of == 1
    assert answered(lake, engine) == expected(kept([*FIRST, *LATE]))
    assert up(OLD, lake, engine).swapped
    arrive(lake, 2, LATE)
    assert fold(OLD, engine=engine, lake=lake).upto == 2
    assert answered(lake, engine) == expected([*FIRST, *LATE, *LATE])


def test_another_generation_of_rows_goes_live_by_the_same_swap(lake: Lake, engine: Engine) -> None:
    arrive(lake, 0, FIRST)
    arrive(lake, 1, LATE)
    up(OLD, lake, engine)
    pin = reading(lake, "by_shop").standing.pin
    mended = [(0, event) for event in FIRST[1:]] + [(1, event) for event in LATE]
    restate(lake, 1, mended)
    with pytest.raises(CommitConflict, match="generation 1"):
        fold(OLD, engine=engine, lake=lake)
    with pytest.raises(CommitConflict, match="generation 1"):
        settle(OLD, None, engine=engine, lake=lake, clock=clock)
    assert answered(lake, engine) == expected([*FIRST, *LATE])
    brought = up(OLD, lake, engine)
    assert (brought.built, brought.swapped, brought.as_of) == (True, True, 1)
    assert answered(lake, engine) == expected([event for _, event in mended])
    assert reading(lake, "by_shop").standing.generation == 1
    assert answered(lake, engine, pin=pin) == expected([*FIRST, *LATE])


def test_a_generation_that_is_shorter_waits(lake: Lake, engine: Engine) -> None:
    """Its rows must have come as far as what was answered before."""
    arrive(lake, 0, FIRST)
    up(OLD, lake, engine)
    arrive(lake, 1, LATE)
    held = lake.table(STREAM).snapshot()
    assert committed(held) == 1
    fold(OLD, engine=engine, lake=lake)
    before = now(lake)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipeline_platform.views.folding.committed", lambda accepted: 0)
        patch.setattr("pipeline_platform.batch.change.committed", lambda accepted: 0)
        with pytest.raises(CommitConflict, match="has answered"):
            up(NEW, lake, engine)
    assert now(lake) == before
    assert up(NEW, lake, engine).as_of == 1


def test_an_empty_stream_may_go_live(lake: Lake, engine: Engine) -> None:
    with pytest.raises(UnknownName):
        up(OLD, lake, engine)
    lake.table(STREAM).ensure(SCHEMA, "_day")
    assert up(OLD, lake, engine).as_of == -1
    assert answered(lake, engine) == {}
    assert fold(OLD, engine=engine, lake=lake).rows == 0
    arrive(lake, 0, [])
    assert fold(OLD, engine=engine, lake=lake).upto == 0
    arrive(lake, 1, FIRST)
    fold(OLD, engine=engine, lake=lake)
    assert answered(lake, engine) == expected(FIRST)


def test_retiring_twice_is_retiring_once(lake: Lake, engine: Engine) -> None:
    arrive(lake, 0, FIRST)
    up(OLD, lake, engine)
    assert retire(lake, now(lake)) == retire(lake, now(lake)) == 0


def _crash() -> None:
    raise Crash


def test_who_fills_the_same_days_at_once_goes_on(lake: Lake, engine: Engine) -> None:
    arrive(lake, 0, FIRST)
    arrive(lake, 1, LATE)
    original, calls = stage_batch, []

    def slow(states: States, *args: Any) -> Any:
        calls.append(True)
        if len(calls) == 1:
            up(OLD, lake, engine, most_rows=1)
        return original(states, *args)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipeline_platform.batch.change.stage_batch", slow)
        up(OLD, lake, engine, most_rows=1)
    assert len(calls) == 1 + 3
    assert now(lake).number == 1
    assert answered(lake, engine) == expected([*FIRST, *LATE])


def test_days_are_filled_from_rows_that_reach_the_cut_that_another_one_noted(
    lake: Lake, engine: Engine
) -> None:
    """Found by racing processes: the rows were read before the other one chose the cut."""
    arrive(lake, 0, FIRST)
    original, noted = begin_fill, []

    def late(states: States, cut: int) -> int:
        if not noted:
            noted.append(cut)
            arrive(lake, 1, LATE)
            original(states, 1)
        return original(states, cut)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipeline_platform.batch.change.begin_fill", late)
        assert up(OLD, lake, engine).as_of == 1
    assert noted == [0]
    assert answered(lake, engine) == expected([*FIRST, *LATE])


def test_nobody_takes_a_newer_generation_back(lake: Lake, engine: Engine) -> None:
    """Another process brings the new rows up while this one begins."""
    arrive(lake, 0, FIRST)
    up(OLD, lake, engine)
    mended = [(0, event) for event in FIRST[1:]]
    begun: list[bool] = []

    def late(of: Lake, name: str) -> Live | None:
        if not begun:
            begun.append(True)
            restate(lake, 1, mended)
            up(OLD, lake, engine)
        return live(of, name)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipeline_platform.batch.change.live", late)
        assert not up(OLD, lake, engine).swapped
    assert now(lake).generation == 1
    assert answered(lake, engine) == expected(FIRST[1:])
