"""Reading a view: one version of its states, and the merged answer over it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import polars as pl
import pyarrow as pa

from pipeline_platform.contracts.names import TableName
from pipeline_platform.contracts.views import STATES, View
from pipeline_platform.engine.engine import Engine
from pipeline_platform.errors import UnknownName
from pipeline_platform.lake.lake import Lake
from pipeline_platform.lake.schema import columns_schema
from pipeline_platform.sql.bounds import bounds
from pipeline_platform.sql.tables import substitute_tables
from pipeline_platform.views.held import HeldStates
from pipeline_platform.views.live import Live, live, views
from pipeline_platform.views.pins import Pin
from pipeline_platform.views.relations import held, queried


@dataclass(frozen=True)
class Standing:
    """How far an answer has come: it holds every event of the epochs up to `as_of`.

    `cuts`: by coverage day the epoch up to which batch rows hold it; `late`: by coverage
    day the accepted rows beyond that. `pin` names this answer for a later reader.
    """

    view: str
    as_of: int
    generation: int
    fingerprint: str
    cuts: dict[date, int]
    late: dict[date, int]
    pin: Pin

    def table(self) -> pa.Table:
        """One row per coverage day: `as_of`, `day`, `batch_cut` (null: none), `late_rows`."""
        days = sorted({*self.cuts, *self.late})
        return pl.DataFrame(
            {
                "as_of": pl.Series([self.as_of] * len(days), dtype=pl.Int64),
                "day": pl.Series(days, dtype=pl.Date),
                "batch_cut": pl.Series([self.cuts.get(day) for day in days], dtype=pl.Int64),
                "late_rows": pl.Series([self.late.get(day, 0) for day in days], dtype=pl.Int64),
            }
        ).to_arrow()


STANDING = pa.schema(
    [
        ("as_of", pa.int64()),
        ("day", pa.date32()),
        ("batch_cut", pa.int64()),
        ("late_rows", pa.int64()),
    ]
)


@dataclass(frozen=True)
class Reading:
    """One version of a view, which later folds, publishes and swaps do not change."""

    lake: Lake
    live: Live
    held: HeldStates

    @property
    def view(self) -> View:
        """The definition that answers."""
        return self.live.view

    @property
    def schema(self) -> pa.Schema:
        """The answer's columns, as declared."""
        return columns_schema(self.view.columns)

    @property
    def pin(self) -> Pin:
        """Names this reading for a later reader."""
        return Pin(self.view.name, self.live.number, self.held.snapshot.version)

    @cached_property
    def standing(self) -> Standing:
        """How far the answer has come."""
        return Standing(
            self.view.name,
            self.held.folded,
            self.live.generation,
            self.view.fingerprint(self.live.generation),
            self.held.cuts,
            self.held.late,
            self.pin,
        )

    @contextmanager
    def shown(self, engine: Engine) -> Iterator[str]:
        """A session view that shows the answer, for as long as the context lasts."""
        with ExitStack() as stack:
            yield self.show(engine, stack)

    def show(self, engine: Engine, stack: ExitStack, condition: str = "") -> str:
        """A session view that shows the answer, until the stack ends.

        `condition` is over state rows, in SQL; it decides which of them are merged.
        """
        return self.show_over(engine, stack, held(engine, self.held.snapshot, stack, condition))

    def show_over(self, engine: Engine, stack: ExitStack, states: str) -> str:
        """A session view that shows the answer over the state rows of another view."""
        return queried(engine, self._text(engine, stack, states), stack, str(self.view.table))

    def answer(
        self, engine: Engine, where: str = "", *, order_by: str = "", limit: int | None = None
    ) -> pa.Table:
        """The rows of the answer for which `where` holds, in SQL over its columns."""
        with ExitStack() as stack:
            states = held(engine, self.held.snapshot, stack, days=self.reached(where))
            text = f"SELECT * FROM ({self._text(engine, stack, states)})"
            text += f" WHERE {where}" if where else ""
            text += f" ORDER BY {order_by}" if order_by else ""
            text += "" if limit is None else f" LIMIT {limit}"
            return engine.collect(engine.sql(text, where=str(self.view.table))).cast(self.schema)

    def reached(self, where: str) -> list[date] | None:
        """The coverage days that can hold a group for which `where` holds; None: all."""
        split, types = self.view.split, {c.name: c.type for c in self.view.columns}
        keys = {name: kind for name, kind in types.items() if name in split.outputs}
        asked = {split.outputs[name]: b for name, b in bounds(where, keys).items()} if where else {}
        return self.held.snapshot.days_within(asked) if asked else None

    def _text(self, engine: Engine, stack: ExitStack, states: str) -> str:
        """The statement over the state rows of a session view, in the declared types."""
        text = self._dimensions(engine, stack).replace(STATES, states)
        cast = ", ".join(f"CAST(`{c.name}` AS {c.type}) AS `{c.name}`" for c in self.view.columns)
        return f"SELECT {cast} FROM ({text})"

    def _dimensions(self, engine: Engine, stack: ExitStack) -> str:
        """The answer's text with its dimensions held at their newest version."""
        names = {}
        for table in self.view.split.dimensions:
            snapshot = self.lake.table(TableName.parse(table)).snapshot()
            names[table] = held(engine, snapshot, stack)
        text = self.view.split.answer
        return substitute_tables(text, names, str(self.view.table)) if names else text


def reading(lake: Lake, name: str, pin: Pin | None = None) -> Reading:
    """The view `name` as it stands now, or as it stood at `pin`.

    Readings taken one after the other never go back: states that gave way to others got
    no more epochs before those had as many. Raises UnknownName where no such view is live,
    or where the pinned version is not there or not any more.
    """
    now = live(lake, name)
    if now is None:
        raise UnknownName("view", name, views(lake))
    found = now if pin is None else live(lake, name, pin.live)
    if found is None:
        known = [f"definitions 1 to {now.number}"]
        raise UnknownName(f"pin of view {name!r}", str(pin), known, where=str(now.view.table))
    version = None if pin is None else pin.version
    return Reading(lake, found, HeldStates(lake.table(found.states).snapshot(version)))
