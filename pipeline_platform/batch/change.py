"""A new definition, or a new generation of rows, goes live beside the old one."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from pipeline_platform.contracts.views import View
from pipeline_platform.engine.engine import Engine
from pipeline_platform.errors import CommitConflict
from pipeline_platform.lake.generations import generation_of
from pipeline_platform.lake.lake import Lake
from pipeline_platform.lake.snapshot import Snapshot
from pipeline_platform.ports.clock import Clock
from pipeline_platform.views.folding import (
    MOST_ROWS,
    committed,
    days_between,
    fold_into,
    refuse_generation,
)
from pipeline_platform.views.held import RETIRED
from pipeline_platform.views.live import Live, live, swap
from pipeline_platform.views.publishing import (
    Publish,
    begin_fill,
    chunks,
    end_fill,
    fill,
    rows_of,
    stage_batch,
)
from pipeline_platform.views.states import States

ATTEMPTS = 10


@dataclass(frozen=True)
class Brought:
    """What `bring_up` did: whether states were `built`, and the definition was `swapped`.

    `as_of` is the last epoch in the answer afterwards.
    """

    built: bool
    swapped: bool
    as_of: int


@dataclass(frozen=True)
class Filling:
    """Progress of a backfill: days that are filled, of all."""

    view: str
    days: int
    of: int


Report = Callable[[Filling], None]


def bring_up(
    view: View,
    *,
    engine: Engine,
    lake: Lake,
    clock: Clock,
    report: Report | None = None,
    most_rows: int = MOST_ROWS,
) -> Brought:
    """Let `view`, over the present generation of accepted rows, be what answers.

    Does nothing when it is. Where only the answer changed, the pointer moves; else states
    are filled beside those that are live, caught up, and swapped in, so that `as_of` does
    not go back. May be interrupted anywhere and run at several places: whoever comes next
    goes on. Raises UnknownName while the stream has no accepted rows' table.
    """
    bringing = _Bringing(view, engine, lake, report, most_rows)
    for _ in range(ATTEMPTS - 1):
        try:
            return bringing.attempt()
        except CommitConflict:
            continue
    return bringing.attempt()


@dataclass(frozen=True)
class _Bringing:
    view: View
    engine: Engine
    lake: Lake
    report: Report | None
    most_rows: int

    def attempt(self) -> Brought:
        """One try. The rows are read after the pointer: they are of its generation or later."""
        now = live(self.lake, self.view.name)
        accepted = self.lake.table(self.view.source).snapshot()
        generation = generation_of(accepted)
        states = States(self.view, generation, self.lake)
        if now is not None and now.states == states.name:
            return self._point(now, states)
        states.ensure(self.engine)
        self._fill(states, accepted)
        number = 0 if now is None else now.number
        if self.view.paths != "batch":
            self._catch_up(states, number + 1, committed(accepted))
        if now is not None:
            self._catch_up(states, number + 1, retire(self.lake, now))
        swap(self.lake, self.view, generation, after=number)
        return Brought(built=True, swapped=True, as_of=states.held().folded)

    def _point(self, now: Live, states: States) -> Brought:
        """Same states: move the pointer if the answer changed, or if they had stopped."""
        held = states.held()
        moves = now.view != self.view or held.refuses(now.number)
        if moves:
            swap(self.lake, self.view, now.generation, after=now.number)
        return Brought(built=False, swapped=moves, as_of=held.folded)

    def _fill(self, states: States, accepted: Snapshot) -> None:
        """Batch rows of every day, at the cut noted first; days that have them are passed over.

        A view that only the real-time path keeps up has no batch rows: it is folded.
        """
        cut = begin_fill(states, -1 if self.view.paths == "speed" else committed(accepted))
        held = states.held()
        if held.folded >= cut:
            return
        sizes = rows_of(accepted, days_between(accepted, 0, cut))
        done = {day for day, at in held.cuts.items() if at == cut}
        todo = {day: rows for day, rows in sizes.items() if day not in done}
        filled = len(done)
        for days in chunks(todo, self.most_rows):
            self._fill_days(states, accepted, days, cut)
            filled += len(days)
            if self.report is not None:
                self.report(Filling(self.view.name, filled, len(sizes)))
        end_fill(states, cut)

    def _fill_days(self, states: States, accepted: Snapshot, days: list[date], cut: int) -> None:
        """Fill the days that others have not filled by now."""
        held = states.held()
        days = [day for day in days if held.cuts.get(day) != cut]
        if not days or held.folded >= cut:
            return
        publish = Publish(tuple(days), cut, 0)
        files = stage_batch(states, held.snapshot, accepted, publish, self.engine, self.most_rows)
        try:
            fill(states, cut, days, files)
        except CommitConflict:
            cuts = states.held().cuts
            if any(cuts.get(day) != cut for day in days):
                raise

    def _catch_up(self, states: States, number: int, upto: int) -> None:
        """Fold until the states hold every epoch up to `upto`."""
        while states.held().folded < upto:
            accepted = self.lake.table(self.view.source).snapshot()
            refuse_generation(states, accepted)
            folded = fold_into(
                states, number, accepted, engine=self.engine, most_rows=self.most_rows
            )
            if folded.upto < folded.first:
                raise CommitConflict(
                    f"the accepted rows end before epoch {upto}, which the view has answered",
                    where=str(self.view.table),
                    known=f"they hold epochs up to {committed(accepted)}",
                    remedy="wait until they have come as far again",
                )


def retire(lake: Lake, now: Live) -> int:
    """Stop the states that are live, for the swap to the next number; their last epoch."""
    table = lake.table(now.states)
    table.append([], transaction=(RETIRED, now.number))
    states = States(now.view, now.generation, lake)
    return states.held().folded
