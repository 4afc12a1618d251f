"""Tables held at one version each, as views with names of their own."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count

from pipeline_platform.contracts.names import TableName
from pipeline_platform.engine.engine import Engine
from pipeline_platform.lake.lake import Lake
from pipeline_platform.lake.refused import PLACE, Visible, is_refused, visible
from pipeline_platform.lake.snapshot import Snapshot

_numbers = count()


@dataclass(frozen=True)
class Pins:
    """By `layer.table`: the view's name and the snapshot that it shows."""

    views: dict[str, str]
    snapshots: dict[str, Snapshot]

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
    pins, made = Pins({}, {}), list[str]()
    try:
        for table in sorted(set(tables)):
            views, held = _pinned(table, engine, lake, (versions or {}).get(table))
            made += views
            pins.views[table], pins.snapshots[table] = views[0], held
        yield pins
    finally:
        for view in made:
            engine.drop(view)


def hold(table: str, *, engine: Engine, lake: Lake) -> str:
    """A view over the newest version of a table that stays until the session ends."""
    views, _ = _pinned(table, engine, lake)
    return views[0]


def _pinned(
    table: str, engine: Engine, lake: Lake, version: int | None = None
) -> tuple[list[str], Snapshot]:
    """The views made for a table, its own first, and the version that they show."""
    name = TableName.parse(table)
    held = lake.table(name).snapshot(version)
    view = f"pin_{next(_numbers)}_{table.replace('.', '_')}"
    seen = visible(lake, name) if is_refused(name) else None
    return _pin(view, held, engine, seen), held


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
    engine.sql(f"{rows} WHERE {seen.where(held, 'a')}").createOrReplaceTempView(view)
    return [view, whole, replayed]
