"""Which files of a view's states are worth merging: runs of one day, by size."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import polars as pl

from pipeline_platform.contracts.names import DAY, EPOCH
from pipeline_platform.views.held import PATH, SPEED, HeldStates

LEAST_FILES = 8
_SMALL = 50_000  # state rows; below, the cost of a file is that of opening it


@dataclass(frozen=True)
class Compacted:
    """What a compaction did: `before` files of `days` days became `after`."""

    days: int
    before: int
    after: int


class _Fold(NamedTuple):
    """The files of one day that end at the same epoch."""

    files: list[str]
    first: int
    last: int
    states: int


@dataclass(frozen=True)
class Run:
    """Neighbouring speed files of one day, which hold the epochs `first` to `last`."""

    day: date
    files: tuple[str, ...]
    first: int
    least: int
    last: int

    @property
    def condition(self) -> str:
        """Their rows, in SQL: all rows of a file end at the same epoch."""
        span = f"{EPOCH} BETWEEN {self.least} AND {self.last}"
        return f"{DAY} = DATE '{self.day}' AND {PATH} = '{SPEED}' AND {span}"


def runs(held: HeldStates, upto: int, least_files: int = LEAST_FILES) -> list[Run]:
    """The runs to merge, none of which holds an epoch beyond `upto`.

    Of a day the newest files are taken, and older ones as long as none is larger than all
    that were taken before it; so a row is merged as often as its day doubled.
    """
    speed = held.files.filter((pl.col("path") == SPEED) & (pl.col("last") <= upto))
    folds = speed.group_by("day", "last").agg("file", pl.min("first"), pl.sum("states"))
    found = []
    for (day,), rows in folds.sort("day", "last", descending=True).group_by(
        "day", maintain_order=True
    ):
        named = rows.select("file", "first", "last", "states").iter_rows()
        run = _run(day, list(_newest(_Fold(*row) for row in named)))
        if len(run.files) >= least_files:
            found.append(run)
    return found


def _newest(folds: Iterable[_Fold]) -> Iterator[_Fold]:
    total = 0
    for fold in folds:
        size = max(fold.states, _SMALL)
        if total and size > total:
            return
        total += size
        yield fold


def _run(day: date, folds: Sequence[_Fold]) -> Run:
    return Run(
        day,
        tuple(file for fold in folds for file in fold.files),
        min(fold.first for fold in folds),
        min(fold.last for fold in folds),
        max(fold.last for fold in folds),
    )
