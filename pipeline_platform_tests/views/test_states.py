"""Folds, publishes and swaps of one view, step by step."""

import pytest

from pipeline_platform.batch.change import bring_up
from pipeline_platform.batch.settle import settle
from pipeline_platform.contracts.windows import DayWindow
from pipeline_platform.engine.engine import Engine
from pipeline_platform.lake.lake import Lake
from pipeline_platform.speed.fold import fold
from pipeline_platform.views.live import live
from pipeline_platform.views.reading import reading
from pipeline_platform_tests.views.store import answered, arrive, by_shop, clock, day, expected

FIRST = [(1, "a", 100), (1, "b", 250), (2, "a", 50), (2, None, 1)]
LATE = [(1, "b", 300), (3, "c", 7)]


@pytest.mark.parametrize("paths", ["both", "batch", "speed"])
def test_the_answer_is_that_of_the_rows_whatever_path_brings_them(
    lake: Lake, engine: Engine, paths: str
) -> None:
    view = by_shop(paths=paths)  # type: ignore[arg-type]
    arrive(lake, 0, FIRST)
    assert bring_up(view, engine=engine, lake=lake, clock=clock).as_of == 0
    assert answered(lake, engine) == expected(FIRST)
    arrive(lake, 1, LATE)
    if paths == "batch":
        settle(view, DayWindow.of(day(2)), engine=engine, lake=lake, clock=clock)
    else:
        assert fold(view, engine=engine, lake=lake).rows == len(LATE)
    assert reading(lake, "by_shop").standing.as_of == 1
    assert answered(lake, engine) == expected([*FIRST, *LATE])


def test_a_publish_takes_the_place_of_what_it_covers_and_says_so(
    lake: Lake, engine: Engine
) -> None:
    view = by_shop()
    arrive(lake, 0, FIRST)
    bring_up(view, engine=engine, lake=lake, clock=clock)
    arrive(lake, 1, LATE)
    fold(view, engine=engine, lake=lake)
    before = reading(lake, "by_shop").standing
    assert before.cuts == {day(1): 0, day(2): 0}
    assert before.late == {day(1): 1, day(3): 1}
    settled = settle(view, DayWindow.of(day(1)), engine=engine, lake=lake, clock=clock)
    assert (settled.cut, settled.days) == (1, (day(1),))
    after = reading(lake, "by_shop").standing
    assert (after.cuts, after.late) == ({day(1): 1, day(2): 0}, {day(3): 1})
    assert answered(lake, engine) == expected([*FIRST, *LATE])
    assert settle(view, None, engine=engine, lake=lake, clock=clock).days == (day(3),)
    assert reading(lake, "by_shop").standing.late == {}
    assert answered(lake, engine) == expected([*FIRST, *LATE])


def test_an_unchanged_view_is_left_alone_and_a_changed_one_swapped(
    lake: Lake, engine: Engine
) -> None:
    arrive(lake, 0, FIRST)
    bring_up(by_shop(), engine=engine, lake=lake, clock=clock)
    again = bring_up(by_shop(), engine=engine, lake=lake, clock=clock)
    assert (again.built, again.swapped) == (False, False)
    answer = by_shop(having="HAVING sum(_rows) > 1")
    moved = bring_up(answer, engine=engine, lake=lake, clock=clock)
    assert (moved.built, moved.swapped) == (False, True)
    assert answered(lake, engine).keys() == {"a"}
    arrive(lake, 1, LATE)
    fold(answer, engine=engine, lake=lake)
    changed = bring_up(by_shop(where="WHERE amount > 1"), engine=engine, lake=lake, clock=clock)
    assert (changed.built, changed.swapped, changed.as_of) == (True, True, 1)
    kept = [event for event in [*FIRST, *LATE] if event[2] > 100]
    assert answered(lake, engine) == expected(kept)
    now = live(lake, "by_shop")
    assert now is not None and now.number == 3
