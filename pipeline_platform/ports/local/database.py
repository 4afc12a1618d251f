"""Databases by SQLAlchemy: one read-only transaction, keyset chunks."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from pipeline_platform.contracts.source_tables import SourceTable
from pipeline_platform.errors import Abort
from pipeline_platform.ports.database import Chunk
from pipeline_platform.ports.local.database_errors import connecting, late, reading
from pipeline_platform.ports.local.dialects import Dialect, dialect, opened
from pipeline_platform.ports.local.source_shape import SourceShape, shape_of

_Pages = Callable[[str, tuple[Any, ...]], Chunk]


class SqlDatabase:
    """A database behind an SQLAlchemy URL: SQLite, PostgreSQL, MySQL or MariaDB.

    The URL is parsed when a snapshot is opened; nothing ever shows it.
    """

    def __init__(self, url: str | Callable[[], str], *, columnar: bool = True) -> None:
        """`url`, or what tells it once it is needed: folding does without.

        `columnar`: let PostgreSQL give columns where that gives the same values.
        """
        self._url, self._columnar = url, columnar

    def __repr__(self) -> str:
        return "SqlDatabase(...)"

    @contextmanager
    def snapshot(self, table: SourceTable) -> Iterator[Iterator[Chunk]]:
        """See Database; a time limit and statement timeouts hold from here on."""
        deadline = time.monotonic() + table.time_limit_s
        with connecting(table):
            engine = opened(self._url() if callable(self._url) else self._url, table)
            connection = engine.connect()
        try:
            read = _Read(connection, dialect(engine), table, deadline)
            with reading(table):
                shape = read.begin()
                pages = read.pages(shape, self._columnar)
            yield read.chunks(shape, pages)
        finally:
            # Not closed but dropped: an aborted read leaves results that nobody fetches.
            connection.invalidate()
            connection.close()
            engine.dispose()


class _Read:
    """One transaction over one table."""

    def __init__(
        self, connection: sa.Connection, dialect: Dialect, table: SourceTable, deadline: float
    ) -> None:
        self._connection, self._dialect, self._table = connection, dialect, table
        self._deadline = deadline
        self._rows = 0

    def begin(self) -> SourceShape:
        """Fix the instant, find the columns, and have the key proved."""
        for statement in self._dialect.begin(self._limit()):
            self._connection.exec_driver_sql(statement)
        self._dialect.interrupt(self._connection, self._deadline)
        shape = shape_of(self._connection, self._table, self._dialect)
        for question, complaint in shape.doubts:
            found = self._query(question)
            if found:
                raise self._no_key(complaint, found[0])
        return shape

    def pages(self, shape: SourceShape, columnar: bool) -> _Pages:
        """How a statement's rows are fetched: by columns where all have a certain type."""
        if not columnar or self._dialect.name != "PostgreSQL":
            return self._by_rows
        from pipeline_platform.ports.local.postgresql_copy import arrow_of, page

        arrow = {c.name: arrow_of(shape.kinds[c.name], c.type) for c in self._table.columns}
        if None in arrow.values():
            return self._by_rows

        def by_columns(statement: str, arguments: tuple[Any, ...]) -> Chunk:
            self._restrict()
            found = page(self._connection, statement, arguments, arrow)
            return self._by_rows(statement, arguments) if found is None else found

        return by_columns

    def chunks(self, shape: SourceShape, pages: _Pages) -> Iterator[Chunk]:
        """Rows after rows, each chunk beginning after the last key of the one before."""
        statement, arguments = shape.first, tuple[Any, ...]()
        while True:
            with reading(self._table):
                chunk = pages(statement, arguments)
            key = [chunk[name] for name in self._table.key]
            count = len(key[0])
            if count:
                self._rows += count
                statement = shape.following
                arguments = self._dialect.arguments(tuple(values[-1] for values in key))
                yield chunk
            if count < self._table.chunk_rows:
                return

    def _by_rows(self, statement: str, arguments: tuple[Any, ...]) -> Chunk:
        rows = self._query(statement, arguments)
        names = [column.name for column in self._table.columns]
        columns = zip(*rows, strict=True) if rows else (() for _ in names)
        return dict(zip(names, columns, strict=True))

    def _query(self, statement: str, arguments: tuple[Any, ...] = ()) -> Sequence[Any]:
        self._restrict()
        if arguments:
            return self._connection.exec_driver_sql(statement, arguments).fetchall()
        return self._connection.exec_driver_sql(statement).fetchall()

    def _restrict(self) -> None:
        """Let the database itself end the next statement at the deadline."""
        for limit in self._dialect.limit(self._limit()):
            self._connection.exec_driver_sql(limit)

    def _limit(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise late(self._table, self._rows)
        return left

    def _no_key(self, complaint: str, row: Any) -> Abort:
        personal = any(self._table.column(name).personal for name in self._table.key)
        shown = "not shown, as it is personal" if personal else repr(tuple(row)[: len(row) - 1])
        return Abort(
            f"key ({', '.join(self._table.key)}) is not a key: {complaint}",
            where=self._table.name,
            known=f"for example {shown}, as the database compares",
            remedy="declare the columns that identify a row of the table; a primary key or "
            "unique constraint over them also saves the source this question",
        )
