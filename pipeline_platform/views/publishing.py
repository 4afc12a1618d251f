"""Batch rows of whole days take the place of all that they cover, in one commit."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from pipeline_platform.contracts.names import DAY
from pipeline_platform.engine.engine import Engine
from pipeline_platform.errors import CommitConflict
from pipeline_platform.lake.snapshot import Snapshot
from pipeline_platform.lake.writer import StagedFile
from pipeline_platform.views.folding import committed, days_between
from pipeline_platform.views.held import BACKFILL, BATCH, FOLD, HeldStates
from pipeline_platform.views.pinned import pin, pinned
from pipeline_platform.views.relations import accepted_rows
from pipeline_platform.views.states import States

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


@dataclass(frozen=True)
class Publish:
    """Days that a batch covers up to the epoch `cut`, under the live number `number`.

    `follows` is the epoch at which the states must stand when the publish itself advances
    them to `cut`; then the days hold every row of the epochs between. None: they stay.
    """

    days: tuple[date, ...]
    cut: int
    number: int
    follows: int | None = None

    def removed(self, held: HeldStates) -> frozenset[str]:
        """The files that the batch rows replace; CommitConflict where that cannot be.

        A day whose batch cut is newer is not taken back; a file that holds epochs on both
        sides of the cut can neither stay nor go.
        """
        here = held.files.filter(pl.col("day").is_in(list(self.days)))
        newer = here.filter((pl.col("path") == BATCH) & (pl.col("last") > self.cut))
        across = here.filter((pl.col("first") <= self.cut) & (pl.col("last") > self.cut))
        if newer.height or across.height:
            raise _overtaken(self, held, across.filter(pl.col("path") != BATCH).height)
        return frozenset(here.filter(pl.col("last") <= self.cut)["file"])

    def refuse_moved(self, held: HeldStates) -> None:
        """CommitConflict when the states no longer stand where the publish needs them."""
        if held.refuses(self.number):
            raise _stopped(held)
        if self.follows is not None and held.folded != self.follows:
            raise _overtaken(self, held, 0)
        if self.follows is None and held.folded < self.cut:
            raise _overtaken(self, held, 0)


def stage_batch(
    states: States,
    shape: Snapshot,
    accepted: Snapshot,
    publish: Publish,
    engine: Engine,
    most_rows: int,
) -> list[StagedFile]:
    """State rows over the accepted rows of the days, up to the cut; days go in chunks.

    Raises CommitConflict when these accepted rows end before the cut, which another process
    chose by a newer version of them.
    """
    if committed(accepted) < publish.cut:
        raise _ahead(states, publish, committed(accepted))
    return states.stage(
        shape,
        _frames(states, accepted, publish, engine, most_rows),
        engine,
        first=0,
        last=publish.cut,
        path=BATCH,
    )


def _frames(
    states: States, accepted: Snapshot, publish: Publish, engine: Engine, most_rows: int
) -> "Iterator[DataFrame]":
    sizes, view = rows_of(accepted, publish.days), states.view
    if view.split.pinned:
        pin(view, states.lake, sizes.keys() & set(days_between(accepted, 0, publish.cut)))
    for days in chunks(sizes, most_rows):
        rows = sum(sizes[day] for day in days)
        with ExitStack() as stack:
            name = accepted_rows(
                engine, accepted, stack, first=0, last=publish.cut, rows=rows, days=days
            )
            pins = pinned(view, states.lake, days, engine, stack)
            yield engine.sql(view.split.partial_over(name, pins), where=str(view.table))


def commit_batch(states: States, publish: Publish, files: Sequence[StagedFile]) -> int:
    """Exchange the files of the days for these; the version that holds them.

    Raises CommitConflict, the files deleted, when the publish was overtaken.
    """
    with ExitStack() as undo:
        undo.callback(states.table.discard, files)
        gone = publish.removed(states.held())
        undo.pop_all()

    def check(base: Snapshot) -> None:
        held = HeldStates(base)
        publish.refuse_moved(held)
        if publish.removed(held) != gone:
            raise _overtaken(publish, held, 0)

    return states.table.exchange(
        gone,
        files,
        transactions=[] if publish.follows is None else [(FOLD, publish.cut)],
        metadata={
            "view": states.view.name,
            "cut": publish.cut,
            "days": [day.isoformat() for day in publish.days],
        },
        data_change=True,
        check=check,
    ).version


def fill(states: States, cut: int, days: Sequence[date], files: Sequence[StagedFile]) -> None:
    """First rows of some days of a table that is not live yet, all at its backfill's cut.

    Raises CommitConflict when others filled one of the days, or the table was filled.
    """
    publish = Publish(tuple(days), cut, 0)
    with ExitStack() as undo:
        undo.callback(states.table.discard, files)
        gone = publish.removed(states.held())
        undo.pop_all()

    def check(base: Snapshot) -> None:
        held = HeldStates(base)
        if held.folded >= 0 or held.backfill != cut or publish.removed(held) != gone:
            raise _overtaken(publish, held, 0)

    said = {"view": states.view.name, "cut": cut, "backfill": len(days)}
    states.table.exchange(gone, files, metadata=said, data_change=True, check=check)


def begin_fill(states: States, cut: int) -> int:
    """The cut at which the table is filled: `cut`, unless another one was noted before."""
    noted = states.held().backfill
    if noted is None:
        commit = states.table.append([], transaction=(BACKFILL, cut + 1), after=None)
        noted = states.held().backfill if commit.already else cut
    assert noted is not None
    return noted


def end_fill(states: States, cut: int) -> None:
    """Note that every day is filled at the cut, from where folds go on."""
    if cut >= 0 and states.held().folded < cut:
        states.table.append([], transaction=(FOLD, cut), after=None)


def rows_of(accepted: Snapshot, days: Collection[date]) -> dict[date, int]:
    """Accepted rows of those of these days that have some, in order, from the log."""
    found = accepted.files
    if not found.height:
        return {}
    day = pl.col(f"partition.{DAY}")
    sizes = (
        found.filter(day.is_in(list(days))).group_by(day.alias("day")).agg(pl.sum("num_records"))
    )
    return dict(sizes.sort("day").iter_rows())


def chunks(sizes: dict[date, int], most_rows: int) -> Iterator[list[date]]:
    """The days in runs of at most `most_rows` rows, but at least one day."""
    taken, rows = list[date](), 0
    for day, size in sizes.items():
        if taken and rows + size > most_rows:
            yield taken
            taken, rows = [], 0
        taken.append(day)
        rows += size
    if taken:
        yield taken


def _overtaken(publish: Publish, held: HeldStates, across: int) -> CommitConflict:
    crossing = f"; {across} files hold epochs on both sides of it" if across else ""
    return CommitConflict(
        f"a batch at epoch {publish.cut} was overtaken",
        where=held.snapshot.uri.rpartition("/")[2],
        known=f"the states stand at epoch {held.folded}{crossing}",
        remedy="compute the days again at a newer epoch",
    )


def _ahead(states: States, publish: Publish, last: int) -> CommitConflict:
    return CommitConflict(
        f"a batch at epoch {publish.cut} needs newer rows",
        where=str(states.view.table),
        known=f"the version that was read ends at epoch {last}",
        remedy="read the accepted rows again",
    )


def _stopped(held: HeldStates) -> CommitConflict:
    return CommitConflict(
        "these states stopped, another definition goes live",
        where=held.snapshot.uri.rpartition("/")[2],
        known=f"they stopped for the swap from definition {held.retired}",
        remedy="look again at what is live",
    )
