"""Compaction of speed files: the answer stays, a running batch is not overtaken."""

from datetime import timedelta

import pytest

from pipeline_platform.batch.change import bring_up
from pipeline_platform.batch.settle import settle
from pipeline_platform.engine.engine import Engine
from pipeline_platform.errors import CommitConflict
from pipeline_platform.lake.lake import Lake
from pipeline_platform.speed.fold import fold
from pipeline_platform.views.claims import Claims
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
    expected,
)

VIEW = by_shop(paths="both")


def folded(lake: Lake, engine: Engine, epochs: int) -> list[Event]:
    """One sale of shop `a` and one of its own in every epoch; all of them."""
    made: list[Event] = []
    for epoch in range(epochs):
        events: list[Event] = [(1, "a", 100 + epoch), (1 + epoch % 2, f"s{epoch}", 1)]
        arrive(lake, epoch, events)
        if epoch == 0:
            bring_up(VIEW, engine=engine, lake=lake, clock=clock)
        fold(VIEW, engine=engine, lake=lake)
        made += events
    return made


def test_files_become_few_and_the_answer_stays(lake: Lake, engine: Engine) -> None:
    events = folded(lake, engine, 12)
    states = States(VIEW, 0, lake)
    before = states.held()
    done = states.compact(engine)
    assert (done.days, done.before, done.after) == (1, 11, 1)
    after = states.held()
    assert after.late == before.late and after.cuts == before.cuts
    assert answered(lake, engine) == expected(events)
    assert states.compact(engine).before == 0
    arrive(lake, 12, [(1, "b", 5)])
    fold(VIEW, engine=engine, lake=lake)
    settle(VIEW, None, engine=engine, lake=lake, clock=clock)
    assert reading(lake, "by_shop").standing.late == {}
    assert answered(lake, engine) == expected([*events, (1, "b", 5)])


def test_a_claim_holds_compaction_back_until_it_is_stale(lake: Lake, engine: Engine) -> None:
    folded(lake, engine, 12)
    states = States(VIEW, 0, lake)
    with Claims(states.table.uri).held(4, NOW):
        assert states.compact(engine, at=NOW).before == 0
        assert states.compact(engine, at=NOW, least_files=3).before == 4
        assert states.compact(engine, at=NOW + timedelta(hours=2)).before == 8
    assert Claims(states.table.uri).least(NOW) is None


def test_a_batch_whose_cut_was_crossed_is_refused(lake: Lake, engine: Engine) -> None:
    """One row then holds epochs before and after the cut: it can neither go nor stay."""
    events = folded(lake, engine, 12)
    states = States(VIEW, 0, lake)
    accepted = lake.table(STREAM).snapshot()
    publish = Publish(tuple(states.held().late), 7, 1)
    files = stage_batch(states, states.held().snapshot, accepted, publish, engine, 1000)
    states.compact(engine)
    with pytest.raises(CommitConflict, match="both sides"):
        commit_batch(states, publish, files)
    assert answered(lake, engine) == expected(events)


def test_of_two_compactions_one_is_dropped(lake: Lake, engine: Engine) -> None:
    events = folded(lake, engine, 12)
    states = States(VIEW, 0, lake)

    class Slow(States):
        def stage(self, *args, **options):  # type: ignore[no-untyped-def]
            files = super().stage(*args, **options)
            assert states.compact(engine).before == 11
            return files

    assert Slow(VIEW, 0, lake).compact(engine).before == 0
    assert answered(lake, engine) == expected(events)
