"""Folds: exactly once, bounded in rows, of one generation."""

import pytest

from pipeline_platform.batch.change import bring_up
from pipeline_platform.engine.engine import Engine
from pipeline_platform.errors import CommitConflict
from pipeline_platform.lake.compaction import compact as merge
from pipeline_platform.lake.compaction import plan_compaction
from pipeline_platform.lake.lake import Lake
from pipeline_platform.speed.fold import compact, fold
from pipeline_platform.views.folding import due
from pipeline_platform.views.reading import reading
from pipeline_platform.views.states import States
from pipeline_platform_tests.views.conftest import engine, lake
from pipeline_platform_tests.views.store import (
    STREAM,
    Event,
    answered,
    arrive,
    by_shop,
    clock,
    day,
    expected,
)

__all__ = ["engine", "lake"]
VIEW = by_shop()


@pytest.fixture
def stream(lake: Lake, engine: Engine) -> list[Event]:
    """A live view at epoch 0, and epochs 1 to 5 of which 3 is empty and 4 is large."""
    epochs: list[list[Event]] = [[(1, "a", 1)], [(1, "a", 2)], [(2, "b", 3)], []]
    epochs += [[(1, f"s{n}", n) for n in range(20)], [(2, None, 4)]]
    for number, events in enumerate(epochs):
        arrive(lake, number, events)
        if number == 0:
            bring_up(VIEW, engine=engine, lake=lake, clock=clock)
    return [event for events in epochs for event in events]


def test_a_large_fold_is_cut_between_epochs(
    lake: Lake, engine: Engine, stream: list[Event]
) -> None:
    done = []
    while (folded := fold(VIEW, engine=engine, lake=lake, most_rows=10)).upto >= folded.first:
        done.append((folded.first, folded.upto, folded.rows))
    assert done == [(1, 2, 2), (3, 4, 20), (5, 5, 1)]
    assert answered(lake, engine) == expected(stream)
    assert fold(VIEW, engine=engine, lake=lake).rows == 0


def test_a_fold_says_what_it_put_in(lake: Lake, engine: Engine, stream: list[Event]) -> None:
    told: list[object] = []
    folded = fold(VIEW, engine=engine, lake=lake, report=told.append)
    assert (folded.first, folded.upto, folded.rows, folded.already) == (1, 5, 23, False)
    assert folded.days == (day(1), day(2)) and told == [folded]
    standing = reading(lake, "by_shop").standing
    assert (standing.as_of, standing.late) == (5, {day(1): 21, day(2): 2})


def test_rows_of_one_file_may_be_of_many_epochs(
    lake: Lake, engine: Engine, stream: list[Event]
) -> None:
    """Upkeep merges files of the accepted rows; what is due is counted all the same."""
    table = lake.table(STREAM)
    for step in plan_compaction(table.snapshot(), files=2):
        assert merge(table, step)
    accepted = table.snapshot()
    assert (due(accepted, 0, 10).last, due(accepted, 2, 10).last) == (2, 4)
    fold(VIEW, engine=engine, lake=lake)
    assert answered(lake, engine) == expected(stream)


def test_a_fold_that_another_one_overtook_puts_in_nothing(
    lake: Lake, engine: Engine, stream: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    original, raced = States.stage, []

    def slow(states: States, *args: object, **options: object) -> object:
        files = original(states, *args, **options)  # type: ignore[arg-type]
        if not raced:
            raced.append(True)
            fold(VIEW, engine=engine, lake=lake)
        return files

    monkeypatch.setattr(States, "stage", slow)
    assert fold(VIEW, engine=engine, lake=lake).already
    assert answered(lake, engine) == expected(stream)


def test_a_fold_that_another_one_overtook_in_part_is_refused(
    lake: Lake, engine: Engine, stream: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    original, raced = States.stage, []

    def slow(states: States, *args: object, **options: object) -> object:
        files = original(states, *args, **options)  # type: ignore[arg-type]
        if not raced:
            raced.append(True)
            fold(VIEW, engine=engine, lake=lake, most_rows=10)
        return files

    monkeypatch.setattr(States, "stage", slow)
    with pytest.raises(CommitConflict):
        fold(VIEW, engine=engine, lake=lake)
    fold(VIEW, engine=engine, lake=lake)
    assert answered(lake, engine) == expected(stream)


def test_nothing_is_folded_before_it_is_live(lake: Lake, engine: Engine) -> None:
    arrive(lake, 0, [(1, "a", 1)])
    for step in (fold, compact):
        options = {"engine": engine, "lake": lake} | ({"clock": clock} if step is compact else {})
        with pytest.raises(CommitConflict, match="not live"):
            step(VIEW, **options)  # type: ignore[operator]
