"""Tables held at one version each, as views with names of their own."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import count
from typing import Protocol

import pyarrow as pa

from pipeline_platform.contracts.names import TableName
from pipeline_platform.engine.engine import Engine
from pipeline_platform.lake.lake import Lake
from pipeline_platform.lake.refused import PLACE, Visible, is_refused, visible
from pipeline_platform.lake.snapshot import PartitionFacts, Snapshot
from pipeline_platform.views.named import Answered, answered

_numbers = count()


class HeldTable(Protocol):
    """One version of a table, or of a view's answer."""

    @property
    def version(self) -> int: ...

    @property
    def schema(self) -> pa.Schema: ...

    @property
    def partition_by(self) -> str | None: ...

    def partitions(self) -> dict[date | None, PartitionFacts]: ...


@dataclass(frozen=True)
class Pins:
    """By `layer.table`: the session view's name and the version that it shows."""

    views: dict[str, str]
    snapshots: dict[str, HeldTable]

    @property
    def versions(self) -> dict[str, int]:
        """The version of every table."""
        return {table: held.version for table, held in self.snapshots.items()}


@contextmanager
def pinned(
    tables: Iterable[str],
    *,
    engine: Engine,
    lake: Lake,
    versions: Mapping[str, int] | None = None,
) -> Iterator[Pins]:
    """Views over the newest or the given version of each table; they are dropped at the end.

    A table is resolved once, so that a query that names it twice reads one version.
    Raises UnknownName for a table that does not exist.
    """
    pins = Pins({}, {})
    with ExitStack() as stack:
        readings: dict[str, Answered] = {}
        for table in sorted(set(tables)):
            version = (versions or {}).get(table)
            view, held = _pinned(table, engine, lake, version, readings, stack)
            pins.views[table], pins.snapshots[table] = view, held
        yield pins


def hold(table: str, *, engine: Engine, lake: Lake) -> str:
    """A view over the newest version of a table that stays until the session ends."""
    with ExitStack() as stack:
        view, _ = _pinned(table, engine, lake, None, {}, stack)
        stack.pop_all()
    return view


def _pinned(
    table: str,
    engine: Engine,
    lake: Lake,
    version: int | None,
    readings: dict[str, Answered],
    stack: ExitStack,
) -> tuple[str, HeldTable]:
    """The view made for a table and the version that it shows; `stack` drops what was made.

    `readings` are those of views so far: answer and standing of one view belong together.
    """
    name = TableName.parse(table)
    shown = answered(lake, name, version)
    if shown is not None:
        first = readings.setdefault(shown.reading.view.name, shown)
        shown = Answered(first.reading, shown.standing)
        return shown.show(engine, stack), shown
    held = lake.table(name).snapshot(version)
    view = f"pin_{next(_numbers)}_{table.replace('.', '_')}"
    seen = visible(lake, name) if is_refused(name) else None
    for made in _pin(view, held, engine, seen):
        stack.callback(engine.drop, made)
    return view, held


def _pin(view: str, held: Snapshot, engine: Engine, seen: Visible | None) -> list[str]:
    """Make `view`; the views that were made. Of refused rows it shows the open ones."""
    if seen is None:
        engine.pin(view, held.uri, held.version)
        return [view]
    whole, replayed = f"{view}_all", f"{view}_replayed"
    engine.pin(whole, held.uri, held.version)
    rows = f"SELECT a.* FROM {whole} AS a"
    if seen.replayed.height:
        engine.frame(replayed, seen.replayed.to_arrow())
        on = " AND ".join(f"a.{column} = b.{column}" for column in PLACE)
        rows += f" LEFT ANTI JOIN {replayed} AS b ON {on}"
    engine.define(view, f"{rows} WHERE {seen.where(held, 'a')}")
    return [view, whole, replayed]
