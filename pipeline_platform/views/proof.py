"""Holds a view's answer to the accepted rows that it is made of."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack
from datetime import date
from typing import Any

import polars as pl
from msgspec import Struct

from pipeline_platform.contracts.names import EPOCH, POSITION
from pipeline_platform.engine.engine import Engine
from pipeline_platform.lake.lake import Lake
from pipeline_platform.lake.ledger import Ledger
from pipeline_platform.lake.shape import as_frame
from pipeline_platform.lake.snapshot import Snapshot
from pipeline_platform.views.folding import refuse_generation
from pipeline_platform.views.pinned import pinned
from pipeline_platform.views.publishing import rows_of
from pipeline_platform.views.reading import Reading
from pipeline_platform.views.relations import accepted_rows, during, queried
from pipeline_platform.views.states import States

_SAMPLE = 5
_DIGITS = 9  # of a sum of doubles; engines do not reproduce the last ones


class Mismatch(Struct, frozen=True):
    """A group whose answer is not what its accepted rows give.

    `day` is a coverage day on which they part, empty where no single day shows it;
    `answered` and `recomputed` are the values by column, {} where a side lacks the group;
    `objects` are some of those that the group's rows of that day come from.
    """

    view: str
    day: str
    group: dict[str, Any]
    answered: dict[str, Any]
    recomputed: dict[str, Any]
    objects: tuple[str, ...] = ()


class Proof:
    """Recomputes one held answer from one held version of the accepted rows."""

    def __init__(self, reading: Reading, accepted: Snapshot, engine: Engine, lake: Lake) -> None:
        refuse_generation(States(reading.view, reading.live.generation, lake), accepted)
        self._reading, self._accepted, self._engine, self._lake = reading, accepted, engine, lake
        outputs = reading.view.split.outputs
        whole = set(outputs.values()) >= set(reading.view.split.keys)
        self._keys = list(outputs) if whole else []

    @property
    def days(self) -> list[date]:
        """Coverage days that have accepted rows or states, in order."""
        held = self._reading.held.files["day"].to_list()
        return sorted({*held, *(day for day in self._accepted.partitions() if day)})

    def whole(self) -> list[Mismatch]:
        """Every group of the answer that is wrong, with days and objects; [] when none is."""
        groups = self._compared(None)
        if not groups:
            return []
        found = [m for day in self.days for m in self.of_day(day)]
        shown = [m.group for m in found]
        return found + [m for m in groups if m.group not in shown]

    def of_day(self, day: date) -> list[Mismatch]:
        """The groups of which the states of one coverage day are wrong."""
        return self._compared([day])

    def _compared(self, days: Sequence[date] | None) -> list[Mismatch]:
        with ExitStack() as stack:
            inside = "" if days is None else during(days)
            answered = self._frame(self._reading.show(self._engine, stack, inside))
            recomputed = self._frame(self._recomputed(stack, days))
        pairs = list(_apart(answered, recomputed, self._keys, self._approximate))
        if days is None or not pairs:
            return [self._mismatch("", *pair) for pair in pairs]
        objects = self._objects(days[0])
        return [self._mismatch(str(days[0]), *pair, objects=objects) for pair in pairs]

    @property
    def _approximate(self) -> tuple[str, ...]:
        return self._reading.view.split.approximate

    def _frame(self, name: str) -> pl.DataFrame:
        rows = self._engine.collect(self._engine.sql(f"SELECT * FROM {name}"))
        return as_frame(rows.cast(self._reading.schema))

    def _recomputed(self, stack: ExitStack, days: Collection[date] | None) -> str:
        """A session view with the answer over the accepted rows alone."""
        view, last = self._reading.view, self._reading.held.folded
        sizes = rows_of(self._accepted, self.days if days is None else days)
        rows = accepted_rows(
            self._engine,
            self._accepted,
            stack,
            first=0,
            last=last,
            rows=sum(sizes.values()),
            days=days,
        )
        pins = pinned(view, self._lake, self.days if days is None else days, self._engine, stack)
        partial = view.split.partial_over(rows, pins)
        states = queried(self._engine, partial, stack, str(view.table))
        return self._reading.show_over(self._engine, stack, states)

    def _objects(self, day: date) -> tuple[str, ...]:
        """Some objects whose rows lie in the day, the newest first."""
        last = self._reading.held.folded
        places = (
            self._accepted.frame([EPOCH, POSITION], days=[day], between={EPOCH: (0, last)})
            .unique()
            .sort(EPOCH, POSITION, descending=True)
            .head(_SAMPLE)
            .collect()
        )
        ledger = Ledger(self._lake.table(self._reading.view.ledger))
        return tuple(ledger.keys_at(places.iter_rows()))

    def _mismatch(
        self,
        day: str,
        answered: dict[str, Any],
        recomputed: dict[str, Any],
        objects: tuple[str, ...] = (),
    ) -> Mismatch:
        row = answered or recomputed
        names = self._keys or list(row)
        group = {name: row[name] for name in names}
        return Mismatch(self._reading.view.name, day, group, answered, recomputed, objects)


def _apart(
    answered: pl.DataFrame, recomputed: pl.DataFrame, keys: list[str], loose: Sequence[str]
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Pairs of rows that differ, {} for a row that a side lacks."""
    left, right = (comparable(frame, loose) for frame in (answered, recomputed))
    by = keys or left.columns
    lacking = _lacking(left, right), _lacking(right, left)
    others = {tuple(row[name] for name in by): row for row in lacking[1].to_dicts()}
    for row in lacking[0].to_dicts():
        yield row, others.pop(tuple(row[name] for name in by), {})
    yield from (({}, row) for row in others.values())


def _lacking(rows: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    """Rows that occur in `others` less often."""
    counted = (frame.group_by(frame.columns).agg(pl.len().alias("_n")) for frame in (rows, others))
    mine, theirs = counted
    return mine.join(theirs, on=mine.columns, how="anti", nulls_equal=True).drop("_n")


def comparable(frame: pl.DataFrame, loose: Sequence[str]) -> pl.DataFrame:
    """The rows with loose columns to as many digits as count, and nested values as text."""
    return frame.with_columns(
        *(pl.col(name).round_sig_figs(_DIGITS) for name in loose),
        *(
            pl.struct(pl.col(name).alias("v")).struct.json_encode().alias(name)
            for name, kind in frame.schema.items()
            if kind.is_nested()
        ),
    )
