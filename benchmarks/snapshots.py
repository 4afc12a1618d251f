"""An operational table of PostgreSQL into raw, current rows and history."""

import json
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks import measure, report

ROWS = 1_000_000
FEWER = 300_000
_MAKE = """
    CREATE TABLE customers AS SELECT
      n::bigint AS id, 'customer ' || n AS name, 'c' || n || '@example.org' AS email,
      (ARRAY['de','fr','us','jp'])[1 + n % 4] AS country, date '1950-01-01' + n % 20000 AS born,
      timestamptz '2020-01-01 00:00:00Z' + n * interval '1.000001 s' AS seen,
      (n % 1000000)::numeric(12,2) / 100 AS balance, n % 3 = 0 AS active, n / 7.0::float8 AS score,
      n % 100 AS level
    FROM generate_series(1, %s) n
"""
_COLUMNS = {
    "id": "bigint",
    "name": "string",
    "email": "string",
    "country": "string",
    "born": "date",
    "seen": "timestamp",
    "balance": "decimal(12,2)",
    "active": "boolean",
    "score": "double",
    "level": "int",
}


def of_postgresql(folder: Path) -> str:
    """First snapshot, and a second with 1% changed, of 0.3 and of 1 million rows."""
    from pipeline_platform_tests.snapshots.servers import postgresql

    rows: list[tuple[object, ...]] = []
    with postgresql() as url:
        for count in (FEWER, ROWS):
            _make(url, count)
            for kind, change in (("first", ""), ("1% changed", _change(count))):
                if change:
                    _run(url, change)
                rows.append((kind, count, *_measured(folder / str(count), url)))
            _run(url, "DROP TABLE customers")
    columns = ("snapshot", "rows", "take s", "fold s", "together s", "CPU s", "peak", "folded")
    return report.table(columns, rows)


def _make(url: str, count: int) -> None:
    _run(url, _MAKE.replace("%s", str(count)), "ALTER TABLE customers ADD PRIMARY KEY (id)")


def _change(count: int) -> str:
    return f"UPDATE customers SET level = level + 1 WHERE id % 100 = 7 AND id <= {count}"


def _run(url: str, *statements: str) -> None:
    import sqlalchemy as sa

    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement.replace("\n", " ")))
    engine.dispose()


def _measured(home: Path, url: str) -> tuple[object, ...]:
    command = [sys.executable, "-m", "benchmarks.snapshots", str(home)]
    found = measure.run(command, {"CUSTOMERS_URL": url})
    take, fold = float(found.answer["take"]), float(found.answer["fold"])
    peak = report.megabytes(found.peak_bytes)
    return take, fold, take + fold, found.cpu_s, peak, found.answer["folded"]


def snapshot(home: str) -> dict[str, Any]:
    """One snapshot of `customers`, taken and folded: seconds of each."""
    from pipeline_platform.contracts.source_tables import SourceColumn, SourceTable
    from pipeline_platform.contracts.types import DataType
    from pipeline_platform.ports.local.database import SqlDatabase
    from pipeline_platform.settings import Settings, source_url
    from pipeline_platform.snapshots.snapshots import Snapshots
    from pipeline_platform.wiring import platform

    columns = tuple(SourceColumn(n, DataType.parse(t)) for n, t in _COLUMNS.items())
    table = SourceTable("customers", ("id",), columns, url_variable="CUSTOMERS_URL")
    here = platform(Settings(home=Path(home)))
    database = SqlDatabase(source_url(table, Path(home)))
    snapshots = Snapshots(
        table, database=database, store=here.store, lake=here.lake, clock=here.clock
    )
    started = time.monotonic()
    snapshots.take()
    taken = time.monotonic()
    folded = snapshots.fold()
    done = f"{folded.opened:,} opened, {folded.changed:,} changed"
    return {"take": taken - started, "fold": time.monotonic() - taken, "folded": done}


if __name__ == "__main__":
    print(json.dumps(snapshot(sys.argv[1])))
