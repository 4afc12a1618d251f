"""A source, a store and a lake for tests, and the law of the history."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import sqlalchemy as sa

from pipeline_platform.contracts.source_tables import SourceColumn, SourceTable
from pipeline_platform.contracts.types import DataType
from pipeline_platform.lake.lake import Lake
from pipeline_platform.ports.local.database import SqlDatabase
from pipeline_platform.ports.local.object_store import FolderStore
from pipeline_platform.snapshots.snapshots import Snapshots
from pipeline_platform.snapshots.versions import BEGINNING

START = datetime(2025, 1, 1, tzinfo=UTC)


class Source:
    """A database with tables of ours, all dropped at the end."""

    def __init__(self, url: str) -> None:
        self.url, self.kind = url, url.partition("+")[0].partition(":")[0]
        self.engine = sa.create_engine(url, poolclass=sa.NullPool)
        self.metadata = sa.MetaData()

    def table(
        self, name: str, *columns: Any, rows: Iterable[Mapping[str, Any]] = (), **options: Any
    ) -> sa.Table:
        """A new table with these rows."""
        table = sa.Table(name, self.metadata, *columns, **options)
        table.create(self.engine)
        if rows := list(rows):
            with self.engine.begin() as connection:
                connection.execute(table.insert(), rows)
        return table

    def run(self, *statements: Any) -> None:
        """Run statements in one transaction."""
        with self.engine.begin() as connection:
            for statement in statements:
                connection.execute(sa.text(statement) if isinstance(statement, str) else statement)

    def close(self) -> None:
        """Drop what was made."""
        self.metadata.drop_all(self.engine)
        self.engine.dispose()


def column(name: str, kind: str, **said: Any) -> SourceColumn:
    """A column by type in Spark's words."""
    return SourceColumn(name, DataType.parse(kind), **said)


def declared(name: str, key: Sequence[str], *columns: SourceColumn, **said: Any) -> SourceTable:
    """A table whose URL stands in SOURCE_URL."""
    return SourceTable(name, tuple(key), columns, url_variable="SOURCE_URL", **said)


def read(url: str, table: SourceTable) -> list[tuple[Any, ...]]:
    """All rows that a snapshot gives, as the driver's values."""
    with SqlDatabase(url).snapshot(table) as chunks:
        return [row for chunk in chunks for row in zip(*chunk.values(), strict=True)]


class Ticks:
    """A clock that says the next minute whenever asked."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now


ITEMS = declared(
    "items", ["a", "b"], column("a", "string"), column("b", "bigint"), column("v", "string")
)
State = dict[tuple[str, int], str | None]


class Stage:
    """Table `items` in a SQLite file of `folder`, with its store and lake."""

    def __init__(self, folder: Path, clock: Any = None) -> None:
        self.folder, self.clock = folder, clock or Ticks()
        self.url = f"sqlite:///{folder}/items.db"
        self.lake, self.store = Lake(folder / "lake"), FolderStore(folder / "landing")

    def snapshots(self, table: SourceTable = ITEMS, url: str = "") -> Snapshots:
        """The snapshots of `items`, or of another table elsewhere."""
        database = SqlDatabase(url or self.url)
        return Snapshots(
            table, database=database, store=self.store, lake=self.lake, clock=self.clock
        )

    def run(self, *statements: str) -> None:
        """Run statements on the source in one transaction."""
        engine = sa.create_engine(self.url, poolclass=sa.NullPool)
        with engine.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
        engine.dispose()

    def be(self, state: State) -> None:
        """Let the source's table hold exactly this."""
        rows = [
            f"INSERT INTO items (a, b, v) VALUES ({_text(a)}, {b}, {_text(v)})"
            for (a, b), v in state.items()
        ]
        self.run(
            "DROP TABLE IF EXISTS items",
            "CREATE TABLE items (a text NOT NULL, b bigint NOT NULL, v text, w bigint, "
            "PRIMARY KEY (a, b))",
            *rows,
        )

    def rows(self, table: Any) -> list[tuple[Any, ...]]:
        """All rows of a lake table, sorted."""
        found = self.lake.table(table).snapshot().frame().collect()
        return sorted(found.rows(), key=repr)

    def current(self) -> State:
        """`serving.items` as a state."""
        return {(a, b): v for a, b, v, *_ in self.rows(ITEMS.current)}

    def history(self) -> list[tuple[Any, ...]]:
        """`serving.items__history`, sorted."""
        return self.rows(ITEMS.history)

    def ledger(self) -> pl.DataFrame:
        """`raw.items` by number."""
        return self.lake.table(ITEMS.ledger).snapshot().frame().sort("number").collect()


def _text(value: str | None) -> str:
    return "NULL" if value is None else f"CAST(X'{value.encode().hex()}' AS text)"


def law(states: Sequence[tuple[datetime, State]]) -> list[tuple[Any, ...]]:
    """The history that these states, each from an instant on, must give; sorted."""
    versions: list[list[Any]] = []
    open_: dict[tuple[str, int], list[Any]] = {}
    seen: set[tuple[str, int]] = set()
    for at, state in states:
        for key, version in list(open_.items()):
            if key not in state or state[key] != version[2]:
                version[4:] = [at, False]
                del open_[key]
        for key, value in state.items():
            if key not in open_:
                since = at if key in seen else BEGINNING
                open_[key] = [*key, value, since, None, True]
                versions.append(open_[key])
                seen.add(key)
    return sorted(map(tuple, versions), key=repr)
