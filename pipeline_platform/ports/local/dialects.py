"""What differs between databases: opening, transactions, limits, paging."""

import math
import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from pipeline_platform.contracts.source_tables import SourceTable
from pipeline_platform.errors import Abort

DRIVERS = {
    "sqlite": "sqlite+pysqlite",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
}
_EXAMPLES = "postgresql+psycopg://user:password@host:5432/database, mysql+pymysql://..., sqlite:///"
_CONNECT_S = 10
_LOCK_S = 5


@dataclass(frozen=True)
class Dialect:
    """One kind of database.

    `begin` and `limit` give statements for the seconds left; `after` is the condition that
    a row's key (columns as quoted) comes after given values, and `arguments` those values
    as it takes them; `exact` reads a kind of column by an expression that loses nothing, and
    `as_text` one that has no type of ours, such as JSON, as the database writes it; `unlike`
    are the kinds of columns that compare otherwise than they sort.
    """

    name: str
    begin: Callable[[float], list[str]]
    limit: Callable[[float], list[str]]
    interrupt: Callable[[sa.Connection, float], None]
    after: Callable[[Sequence[str]], str]
    arguments: Callable[[tuple[Any, ...]], tuple[Any, ...]]
    exact: dict[str, str]
    as_text: str
    unlike: tuple[str, ...]


def opened(url: str, table: SourceTable) -> sa.Engine:
    """An engine that keeps no connection; Abort for a URL that leads nowhere."""
    parsed = _parsed(url, table)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(parsed, table)
    arguments: dict[str, Any] = {"connect_timeout": _CONNECT_S}
    if parsed.get_backend_name() == "postgresql":
        arguments["prepare_threshold"] = None
    else:
        arguments["read_timeout"] = math.ceil(table.time_limit_s) + _CONNECT_S
    return sa.create_engine(
        parsed,
        poolclass=sa.NullPool,
        isolation_level="AUTOCOMMIT",
        hide_parameters=True,
        connect_args=arguments,
    )


def _parsed(url: str, table: SourceTable) -> sa.URL:
    try:
        parsed = sa.make_url(url.strip())
        parsed = parsed.set(drivername=DRIVERS.get(parsed.drivername, parsed.drivername))
        if parsed.drivername in DRIVERS.values():
            parsed.get_dialect().import_dbapi()
            return parsed
    except (ArgumentError, ValueError):
        raise _unusable("is not an SQLAlchemy URL", table) from None
    except (NoSuchModuleError, ImportError):
        raise _unusable("names a driver that is not installed", table) from None
    raise _unusable("names a database or driver that cannot be read", table)


def _unusable(what: str, table: SourceTable) -> Abort:
    variables = [name for name in (table.replica_variable, table.url_variable) if name]
    return Abort(
        f"the URL in {' or '.join(variables) or 'use'} {what}",
        where=table.name,
        known=f"{', '.join(sorted(set(DRIVERS.values())))}; for example {_EXAMPLES}",
        remedy="write it as shown; in user and password, write each of @ : / % as %40 %3A %2F %25",
    )


def _sqlite(url: sa.URL, table: SourceTable) -> sa.Engine:
    path = Path(url.database or "")
    if not path.is_file():
        raise Abort(
            "the SQLite file is not there",
            where=table.name,
            known=f"looked for {path.name!r}; a file is read and never created",
            remedy="name an existing file, by its absolute path",
        )
    address = f"file:{quote(str(path.absolute()))}?mode=ro"
    return sa.create_engine(
        "sqlite+pysqlite://",
        poolclass=sa.NullPool,
        isolation_level="AUTOCOMMIT",
        hide_parameters=True,
        creator=lambda: sqlite3.connect(address, uri=True, timeout=_LOCK_S),
    )


def dialect(engine: sa.Engine) -> Dialect:
    """The dialect of a connected engine."""
    if engine.dialect.name == "sqlite":
        return _SQLITE
    if engine.dialect.name == "postgresql":
        return _POSTGRESQL
    return _MARIADB if getattr(engine.dialect, "is_mariadb", False) else _MYSQL


def _tuple_after(mark: str) -> Callable[[Sequence[str]], str]:
    def after(key: Sequence[str]) -> str:
        return f"({', '.join(key)}) > ({', '.join([mark] * len(key))})"

    return after


def _or_after(key: Sequence[str]) -> str:
    """MySQL takes no index for a comparison of rows, but for a disjunction of prefixes."""
    prefixes = [
        " AND ".join([f"{name} = %s" for name in key[:place]] + [f"{key[place]} > %s"])
        for place in range(len(key))
    ]
    return " OR ".join(f"({prefix})" for prefix in prefixes)


def _or_arguments(last: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(value for place in range(len(last)) for value in last[: place + 1])


def _interrupt_sqlite(connection: sa.Connection, deadline: float) -> None:
    raw: Any = connection.connection.driver_connection
    raw.set_progress_handler(lambda: time.monotonic() > deadline, 10_000)


def _postgresql_limit(seconds: float) -> list[str]:
    return [f"SET LOCAL statement_timeout = {_ms(seconds)}"]


def _postgresql_begin(seconds: float) -> list[str]:
    return [
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        *_postgresql_limit(seconds),
        f"SET LOCAL lock_timeout = {_LOCK_S * 1000}",
        f"SET LOCAL idle_in_transaction_session_timeout = {_ms(seconds) + 1000}",
        "SET LOCAL timezone = 'UTC'",
        "SET LOCAL datestyle = 'ISO'",
    ]


def _mysql_begin(limit: Callable[[float], list[str]]) -> Callable[[float], list[str]]:
    def begin(seconds: float) -> list[str]:
        return [
            "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
            "SET SESSION time_zone = '+00:00'",
            f"SET SESSION lock_wait_timeout = {_LOCK_S}",
            *limit(seconds),
            "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
        ]

    return begin


def _mariadb_limit(seconds: float) -> list[str]:
    return [f"SET SESSION max_statement_time = {max(0.001, seconds):.3f}"]


def _mysql_limit(seconds: float) -> list[str]:
    return [f"SET SESSION max_execution_time = {_ms(seconds)}"]


def _ms(seconds: float) -> int:
    return max(1, math.ceil(seconds * 1000))


def _mysql(name: str, limit: Callable[[float], list[str]]) -> Dialect:
    return Dialect(
        name,
        begin=_mysql_begin(limit),
        limit=limit,
        interrupt=lambda _connection, _deadline: None,
        after=_or_after,
        arguments=_or_arguments,
        # A FLOAT is sent with six digits; as a double it is sent exactly.
        exact={"FLOAT": "({} + 0E0)"},
        as_text="CAST({} AS char)",
        unlike=("FLOAT", "DOUBLE", "ENUM", "SET", "BIT", "JSON"),
    )


_MYSQL = _mysql("MySQL", _mysql_limit)
_MARIADB = _mysql("MariaDB", _mariadb_limit)
_SQLITE = Dialect(
    "SQLite",
    begin=lambda _seconds: ["BEGIN", "SELECT 1 FROM sqlite_master LIMIT 1"],
    limit=lambda _seconds: [],
    interrupt=_interrupt_sqlite,
    after=_tuple_after("?"),
    arguments=lambda last: last,
    exact={},
    as_text="{}",
    unlike=(),
)
_POSTGRESQL = Dialect(
    "PostgreSQL",
    begin=_postgresql_begin,
    limit=_postgresql_limit,
    interrupt=lambda _connection, _deadline: None,
    after=_tuple_after("%s"),
    arguments=lambda last: last,
    # A real is sent in the shortest form that is still this real, not as the double it is.
    exact={"REAL": "CAST({} AS double precision)"},
    as_text="CAST({} AS text)",
    unlike=("REAL", "DOUBLE_PRECISION", "DOUBLE", "FLOAT"),
)
