"""Tables held at one version each, as views with names of their own."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count

from pipeline_platform.contracts.names import TableName
from pipeline_platform.engine.engine import Engine
from pipeline_platform.lake.lake import Lake
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
def pinned(tables: Iterable[str], *, engine: Engine, lake: Lake) -> Iterator[Pins]:
    """Views over the newest version of each table; they are dropped at the end.

    A table is resolved once, so that a query that names it twice reads one version.
    Raises UnknownName for a table that does not exist.
    """
    pins = Pins({}, {})
    try:
        for table in sorted(set(tables)):
            held = lake.table(TableName.parse(table)).snapshot()
            view = f"pin_{next(_numbers)}_{table.replace('.', '_')}"
            engine.pin(view, held.uri, held.version)
            pins.views[table], pins.snapshots[table] = view, held
        yield pins
    finally:
        for view in pins.views.values():
            engine.drop(view)
