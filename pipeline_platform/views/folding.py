"""One fold: accepted rows of some epochs become state rows, in one commit."""

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date

import polars as pl

from pipeline_platform.contracts.names import DAY, EPOCH
from pipeline_platform.engine.engine import Engine
from pipeline_platform.errors import CommitConflict
from pipeline_platform.lake.generations import ADMISSION, generation_of
from pipeline_platform.lake.snapshot import Snapshot
from pipeline_platform.lake.writer import StagedFile
from pipeline_platform.views.held import FOLD, SPEED, HeldStates
from pipeline_platform.views.pinned import pin, pinned
from pipeline_platform.views.relations import accepted_rows
from pipeline_platform.views.states import States

MOST_ROWS = 2_000_000


@dataclass(frozen=True)
class Epochs:
    """The epochs `first` to `last` (none when last < first), and about how many rows they hold."""

    first: int
    last: int
    rows: int


@dataclass(frozen=True)
class Folded:
    """What a fold did: epochs `first` to `upto` are in, made of `rows` accepted rows.

    `days` are the coverage days that got state rows. Nothing to do: `rows` is 0 and `upto`
    is `first - 1`. `already`: another folder put them in first.
    """

    view: str
    first: int
    upto: int
    rows: int
    days: tuple[date, ...]
    already: bool = False


def committed(accepted: Snapshot) -> int:
    """The last epoch whose rows are in this version, -1 when there is none."""
    return accepted.last(ADMISSION)


def due(accepted: Snapshot, folded: int, most_rows: int = MOST_ROWS) -> Epochs:
    """The next epochs to fold after `folded`: as many as `most_rows` allow, at least one."""
    first, last = folded + 1, committed(accepted)
    rows = _about(accepted, first, last)
    if rows <= most_rows:
        return Epochs(first, last, rows)
    sizes = accepted.frame([EPOCH], between={EPOCH: (first, last)}).group_by(EPOCH).len()
    last, taken = first - 1, 0
    for epoch, size in sizes.sort(EPOCH).collect().iter_rows():
        if taken and taken + size > most_rows:
            break
        last, taken = epoch, taken + size
    return Epochs(first, last, taken)


def days_between(accepted: Snapshot, first: int, last: int) -> list[date]:
    """Every day that has rows of the epochs `first` to `last`, and perhaps some earlier ones."""
    found = accepted.files
    if last < first or not found.height:
        return []
    inside = (pl.col(f"max.{EPOCH}") >= first) & (pl.col(f"min.{EPOCH}") <= last)
    days: list[date] = found.filter(inside)[f"partition.{DAY}"].unique().sort().to_list()
    return days


def _about(accepted: Snapshot, first: int, last: int) -> int:
    files = accepted.files
    if last < first or not files.height:
        return 0
    low, high = pl.col(f"min.{EPOCH}"), pl.col(f"max.{EPOCH}")
    return int(files.filter((high >= first) & (low <= last))["num_records"].sum())


def fold_into(
    states: States,
    number: int,
    accepted: Snapshot,
    *,
    engine: Engine,
    most_rows: int = MOST_ROWS,
) -> Folded:
    """Fold the epochs that these states lack, of one version of the accepted rows.

    `number` is the live number under which the caller works. Raises CommitConflict when
    the states have stopped for that number, are of another generation, or when another
    folder put in some of the epochs, but not all.
    """
    refuse_generation(states, accepted)
    before = states.held()
    epochs = due(accepted, before.folded, most_rows)
    if epochs.last < epochs.first:
        return Folded(states.view.name, epochs.first, epochs.last, 0, ())
    with ExitStack() as stack:
        rows = shown(accepted, epochs, engine, stack)
        return fold_rows(states, number, before, accepted, rows, epochs, engine)


def shown(accepted: Snapshot, epochs: Epochs, engine: Engine, stack: ExitStack) -> str:
    """A session view with the accepted rows of these epochs; empty where there are none."""
    if not epochs.rows:
        return ""
    first, last = epochs.first, epochs.last
    return accepted_rows(engine, accepted, stack, first=first, last=last, rows=epochs.rows)


def fold_rows(
    states: States,
    number: int,
    before: HeldStates,
    accepted: Snapshot,
    rows: str,
    epochs: Epochs,
    engine: Engine,
) -> Folded:
    """Fold the epochs whose rows the session view `rows` shows, after those that `before` has.

    Raises CommitConflict as `fold_into` does.
    """
    files = stage(states, before, accepted, rows, epochs, engine) if rows else []
    already = not commit(states, number, before, epochs, files)
    days = tuple(sorted({f.partition for f in files if f.partition is not None}))
    return Folded(states.view.name, epochs.first, epochs.last, epochs.rows, days, already)


def stage(
    states: States,
    before: HeldStates,
    accepted: Snapshot,
    rows: str,
    epochs: Epochs,
    engine: Engine,
) -> list[StagedFile]:
    """The state rows of these epochs as files that no commit names yet."""
    view, first, last = states.view, epochs.first, epochs.last
    days = days_between(accepted, first, last) if view.split.pinned else []
    pin(view, states.lake, days)
    with ExitStack() as stack:
        pins = pinned(view, states.lake, days, engine, stack)
        frame = engine.sql(view.split.partial_over(rows, pins), where=str(view.table))
        return states.stage(before.snapshot, [frame], engine, first=first, last=last, path=SPEED)


def commit(
    states: States, number: int, before: HeldStates, epochs: Epochs, files: list[StagedFile]
) -> bool:
    """Put the files in after exactly the epochs that `before` has; False: another one did."""

    def check(base: Snapshot) -> None:
        now = HeldStates(base)
        if now.refuses(number) or now.folded != before.folded:
            raise _lost(states, epochs, now)

    said = {"view": states.view.name, "first": epochs.first, "rows": epochs.rows}
    done = states.table.append(files, transaction=(FOLD, epochs.last), metadata=said, check=check)
    return not done.already


def refuse_generation(states: States, accepted: Snapshot) -> None:
    """CommitConflict when the accepted rows are of another generation than the states."""
    found = generation_of(accepted)
    if found != states.generation:
        raise CommitConflict(
            f"the accepted rows are of generation {found}",
            where=str(states.view.table),
            known=f"its states are of generation {states.generation}",
            remedy="bring the view up to the new rows",
        )


def _lost(states: States, epochs: Epochs, now: HeldStates) -> CommitConflict:
    return CommitConflict(
        f"epochs {epochs.first} to {epochs.last} cannot follow",
        where=str(states.name),
        known=f"the states stand at epoch {now.folded}"
        + (f", and stopped for definition {now.retired}" if now.retired is not None else ""),
        remedy="look again at what is live, and fold what is due",
    )
