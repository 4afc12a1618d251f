"""Runs a view over given rows: the real admission, folds and batches."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from pipeline_platform.contracts.types import DataType
from pipeline_platform.contracts.windows import DayWindow
from pipeline_platform.declarations.resolution import Declarations
from pipeline_platform.declarations.view_attributes import ViewAttributes
from pipeline_platform.declarations.view_declared import DeclaredView
from pipeline_platform.errors import DeclarationError
from pipeline_platform.lake.shape import as_frame
from pipeline_platform.testing.bench import Bench, plain
from pipeline_platform.testing.given import words
from pipeline_platform.testing.inputs import check_names, write_tables
from pipeline_platform.testing.project import declared_in, project
from pipeline_platform.testing.rows import Rows, in_order
from pipeline_platform.testing.sources import GivenRows, source
from pipeline_platform.testing.stream_run import StreamRun
from pipeline_platform.testing.values import converted
from pipeline_platform.views.reading import Standing, reading

Batch = bool | Collection[int]


class ViewRun(Rows):
    """The rows of the answer, sorted by their columns from left to right, NULL first.

    `stream` is the run of its stream: what was accepted and refused. A run does not change;
    `land` and `settle` give the next.
    """

    def __init__(self, declared: DeclaredView, stream: StreamRun) -> None:
        self.declared, self.stream = declared, stream
        view, bench = declared.view, stream.bench
        held = reading(bench.lake, view.name)
        types = {column.name: column.type for column in view.columns}
        frame = as_frame(held.answer(bench.engine))
        super().__init__(in_order(frame, types), str(view.table), types)
        self._reading = held

    @cached_property
    def standing(self) -> Standing:
        """How far the answer has come: `as_of`, the batch's cuts and late rows by day."""
        return self._reading.standing

    @property
    def refused(self) -> Rows:
        """The rows that the stream's contract refused."""
        return self.stream.refused

    @plain
    def land(self, rows: GivenRows, *, at: datetime | str | None = None) -> "ViewRun":
        """Let rows arrive as the next epoch, and fold it; the answer afterwards."""
        self.stream.land(rows=rows, at=at)
        _fold(self.declared, self.stream.bench)
        return ViewRun(self.declared, self.stream)

    @plain
    def settle(self, start: date | str | None = None, end: date | str | None = None) -> "ViewRun":
        """Let the batch settle the days [start, end), one day without `end`, all without both."""
        _settle(self.declared, self.stream.bench, _window(start, end))
        return ViewRun(self.declared, self.stream)


@plain
def run_view(
    folder: str | Path,
    rows: GivenRows,
    *,
    epochs: int | Sequence[int] = 1,
    batch: Batch = False,
    tables: Mapping[str, GivenRows] | None = None,
    at: datetime | str | None = None,
    engine: str = "sail",
    name: str = "",
) -> ViewRun:
    """Land `rows` for the stream of the view that `folder` declares, and fold them; the answer.

    They land in so many `epochs`, cut evenly in the order given, or one after another in the
    epochs whose numbers of rows are listed. After the epochs in `batch`, counted from 0, the
    batch settles all days; True: after the last. `tables` gives the rows of the tables that
    the view joins. Rows arrive at `at` (default: now). What the contract refuses is in
    `.refused`. Raises DeclarationError, UnknownName or StatementFailed.
    """
    declared, view = declared_view(folder, name)
    parts = _parts(source(rows, "rows").rows(), epochs)
    stream = StreamRun(declared.streams[view.view.stream], engine)
    _join(view, declared, tables or {}, stream.bench)
    stream.land(at=at)
    _bring_up(view, stream.bench)
    settled = {len(parts) - 1} if batch is True else set(batch or ())
    if view.view.paths == "batch":
        settled.add(len(parts) - 1)
    for number, part in enumerate(parts):
        stream.land(rows=part)
        _fold(view, stream.bench)
        if number in settled:
            _settle(view, stream.bench, None)
    return ViewRun(view, stream)


def declared_view(folder: str | Path, name: str = "") -> tuple[Declarations, DeclaredView]:
    """The view that `folder` declares, and the project around it.

    DeclarationError: there is no project, so no stream for it to read.
    """
    _, own, place = declared_in(folder, ViewAttributes, name)
    found = project(folder)
    if found is None:
        raise DeclarationError(
            f"view {own} has no project around it",
            where=place.at(),
            known="no folder above is called `defs`, so the stream that it reads is not declared",
            remedy="keep the view below `defs`, beside the folder of its stream",
        )
    return found, found.views[own]


def _parts(rows: Sequence[Mapping[str, Any]], epochs: int | Sequence[int]) -> list[GivenRows]:
    """The rows of each epoch, in their order."""
    if isinstance(epochs, int):
        share, more = divmod(len(rows), max(1, epochs))
        sizes = [share + (number < more) for number in range(max(1, epochs))]
    else:
        sizes = list(epochs)
    if sum(sizes) != len(rows):
        raise DeclarationError(
            f"the epochs hold {sum(sizes)} rows",
            where="epochs",
            known=f"{len(rows)} rows are given",
            remedy="list numbers of rows that add up to it, or give the number of epochs",
        )
    starts = [sum(sizes[:number]) for number in range(len(sizes))]
    return [list(rows[start : start + size]) for start, size in zip(starts, sizes, strict=True)]


def _join(
    view: DeclaredView, declared: Declarations, given: Mapping[str, GivenRows], bench: Bench
) -> None:
    check_names(given, view.dimensions, ())
    write_tables(bench.lake, given, declared, words(view.view.sql))


def _bring_up(view: DeclaredView, bench: Bench) -> None:
    from pipeline_platform.batch.change import bring_up

    bring_up(view.view, engine=bench.engine, lake=bench.lake, clock=bench.clock)


def _fold(view: DeclaredView, bench: Bench) -> None:
    """Fold all that is committed, unless only the batch keeps the view up."""
    from pipeline_platform.speed.fold import fold

    while view.view.paths != "batch" and fold(view.view, engine=bench.engine, lake=bench.lake).rows:
        pass


def _settle(view: DeclaredView, bench: Bench, window: DayWindow | None) -> None:
    from pipeline_platform.batch.settle import settle

    settle(view.view, window, engine=bench.engine, lake=bench.lake, clock=bench.clock)


def _window(start: date | str | None, end: date | str | None) -> DayWindow | None:
    day = DataType("date")
    first, last = converted(start, day, "start"), converted(end, day, "end")
    if first is None:
        return None
    return DayWindow.of(first) if last is None else DayWindow(first, last)
