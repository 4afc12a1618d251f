"""Batch: days computed again from accepted rows, and published at one cut."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from pipeline_platform.contracts.views import View
from pipeline_platform.contracts.windows import DayWindow
from pipeline_platform.engine.engine import Engine
from pipeline_platform.errors import Abort, CommitConflict
from pipeline_platform.lake.lake import Lake
from pipeline_platform.lake.snapshot import Snapshot
from pipeline_platform.ports.clock import Clock
from pipeline_platform.views.claims import Claims
from pipeline_platform.views.folding import MOST_ROWS, committed, days_between, refuse_generation
from pipeline_platform.views.held import HeldStates
from pipeline_platform.views.live import Live, require_live
from pipeline_platform.views.publishing import (
    Publish,
    commit_batch,
    rows_of,
    stage_batch,
)
from pipeline_platform.views.settled import write_settled
from pipeline_platform.views.states import States

ATTEMPTS = 5


@dataclass(frozen=True)
class Settled:
    """What a batch published: `days` hold every epoch up to `cut`.

    They were made of `rows` accepted rows (as the log counts them) and hold `states_rows`
    state rows. `as_of` is the view's epoch afterwards.
    """

    cut: int
    days: tuple[date, ...]
    rows: int
    states_rows: int
    as_of: int


def settle(
    view: View,
    window: DayWindow | None,
    *,
    engine: Engine,
    lake: Lake,
    clock: Clock,
    most_rows: int = MOST_ROWS,
) -> Settled:
    """Compute the days of `window` again and publish them; None: all days that owe something.

    The definition that is live is settled, whatever `view` says of itself. A view that
    only the batch keeps up advances to the last committed epoch, and every day that the
    new epochs touch is published with the window's. Overtaken batches are repeated at a
    newer epoch. Raises Abort for a view that only the real-time path keeps up,
    CommitConflict when nothing is live or every attempt was overtaken.
    """
    for _ in range(ATTEMPTS - 1):
        try:
            return _attempt(view.name, window, engine, lake, clock, most_rows)
        except CommitConflict:
            continue
    return _attempt(view.name, window, engine, lake, clock, most_rows)


def _attempt(
    name: str,
    window: DayWindow | None,
    engine: Engine,
    lake: Lake,
    clock: Clock,
    most_rows: int,
) -> Settled:
    now = require_live(lake, name)
    _refuse_speed(now.view)
    states = States(now.view, now.generation, lake)
    with Claims(states.table.uri).held(states.held().folded, clock()):
        before = states.held()
        accepted = lake.table(now.view.source).snapshot()
        refuse_generation(states, accepted)
        publish = planned(now, before, accepted, window)
        if not publish.days and publish.follows in (None, publish.cut):
            write_settled(now, before, engine=engine, lake=lake)
            return Settled(publish.cut, (), 0, 0, before.folded)
        files = stage_batch(states, before.snapshot, accepted, publish, engine, most_rows)
        states_rows = sum(file.rows for file in files)
        version = commit_batch(states, publish, files)
    write_settled(now, states.held(version), engine=engine, lake=lake)
    rows = sum(rows_of(accepted, publish.days).values())
    as_of = max(before.folded, publish.cut)
    return Settled(publish.cut, publish.days, rows, states_rows, as_of)


def planned(now: Live, before: HeldStates, accepted: Snapshot, window: DayWindow | None) -> Publish:
    """What to publish: the days that are asked for, at the epoch where the states stand."""
    advances = now.view.paths == "batch"
    cut = committed(accepted) if advances else before.folded
    fresh = days_between(accepted, before.folded + 1, cut)
    asked = _owing(before) if window is None else _with_rows(accepted, window)
    days = tuple(sorted({*fresh, *asked}))
    return Publish(days, cut, now.number, before.folded if advances else None)


def _owing(before: HeldStates) -> Collection[date]:
    return before.late


def _with_rows(accepted: Snapshot, window: DayWindow) -> Collection[date]:
    return rows_of(accepted, list(window.days))


def _refuse_speed(view: View) -> None:
    if view.paths == "speed":
        raise Abort(
            "only the real-time path keeps this view up",
            where=str(view.table),
            known="paths: speed",
            remedy="declare `paths: both`, or leave it to the stream",
        )
