"""One view for people: its answer as a frame, its standing, pins."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Literal, overload

import pyarrow as pa

from pipeline_platform.engine.engine import Engine
from pipeline_platform.errors import UnknownName
from pipeline_platform.lake.lake import Lake
from pipeline_platform.lake.shape import as_frame
from pipeline_platform.ports.clock import Clock
from pipeline_platform.views.pins import Pin, Pins
from pipeline_platform.views.reading import Reading, Standing, reading

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

KINDS = ("pandas", "polars", "arrow")
_REMEMBERED = 32 << 20  # bytes of an answer that is kept for who asks often


@dataclass(frozen=True)
class ViewHandle:
    """The view `name`; every call reads its newest version, or the one that is pinned.

    `pin` may be given as its text, such as `3.1207`.
    """

    name: str
    engine: Engine
    lake: Lake
    clock: Clock
    _last: "dict[tuple[Pin, str], pa.Table]" = field(default_factory=dict, compare=False)

    def standing(self, pin: Pin | str | None = None) -> Standing:
        """How far the answer has come: `as_of`, batch cuts and late rows by day."""
        return reading(self.lake, self.name, self._pin(pin)).standing

    @overload
    def answer(
        self, as_: Literal["pandas"] = "pandas", where: str = "", pin: Pin | str | None = None
    ) -> "pd.DataFrame": ...
    @overload
    def answer(
        self, as_: Literal["polars"], where: str = "", pin: Pin | str | None = None
    ) -> "pl.DataFrame": ...
    @overload
    def answer(
        self, as_: Literal["arrow"], where: str = "", pin: Pin | str | None = None
    ) -> pa.Table: ...
    def answer(
        self,
        as_: Literal["pandas", "polars", "arrow"] = "pandas",
        where: str = "",
        pin: Pin | str | None = None,
    ) -> "pd.DataFrame | pl.DataFrame | pa.Table":
        """The rows of the answer for which `where`, in SQL over its columns, holds.

        Raises UnknownName for a view that is not live, or an unknown kind of frame.
        """
        if as_ not in KINDS:
            raise UnknownName("kind of frame", as_, KINDS)
        rows = self._rows(reading(self.lake, self.name, self._pin(pin)), where)
        if as_ == "polars":
            return as_frame(rows)
        return rows if as_ == "arrow" else rows.to_pandas()

    def _rows(self, held: Reading, where: str) -> pa.Table:
        """The rows; asked again of the same version they are those of the last time."""
        asked = (held.pin, where)
        rows = self._last.get(asked)
        if rows is None:
            rows = held.answer(self.engine, where)
            self._last.clear()
            if rows.nbytes <= _REMEMBERED and not held.view.split.dimensions:
                self._last[asked] = rows
        return rows

    def pin(self, days: float = 7) -> Pin:
        """Name the present answer, and keep it readable for so many days."""
        held = reading(self.lake, self.name)
        pin = held.standing.pin
        Pins(held.held.snapshot.uri).keep(pin, self.clock() + timedelta(days=days))
        return pin

    def _pin(self, pin: Pin | str | None) -> Pin | None:
        return Pin.parse(self.name, pin) if isinstance(pin, str) else pin
