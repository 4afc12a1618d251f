"""What is measured, each task in a process of its own: `python -m benchmarks.tasks`."""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import events


def admit(home: str, broken: str = "") -> dict[str, Any]:
    """One admission of everything below `home`; seconds without the start of Python."""
    from pipeline_platform.contracts.stream import Column, Landing, StreamContract
    from pipeline_platform.settings import Settings
    from pipeline_platform.wiring import platform

    contract = StreamContract(
        name="events",
        landing=Landing(prefix=events.PREFIX),
        columns=tuple(Column(n, t, nullable=n != "id") for n, t in events.COLUMNS.items()),
        start=events.START,
        event_id=("id",),
        event_time="ts",
    )
    here = platform(Settings(home=Path(home)))
    started = time.monotonic()
    report = here.admission(contract).run()
    return {
        "seconds": time.monotonic() - started,
        "accepted": report.accounting.accepted,
        "duplicates": report.accounting.duplicates,
        "refused": report.accounting.refused,
    }


def duckdb(folder: str, target: str, how: str) -> dict[str, Any]:
    """The same files by DuckDB: read, de-duplicate by id, Parquet by day."""
    import duckdb as db

    columns = ", ".join(
        f"{n}: '{t.replace('string', 'varchar')}'" for n, t in events.COLUMNS.items()
    )
    source = (
        f"SELECT *, CAST(ts AS DATE) AS day FROM read_json('{folder}/*.json', "
        f"format='newline_delimited', columns={{{columns}}}, ignore_errors=true)"
    )
    distinct = {
        "distinct_on": f"SELECT DISTINCT ON (id, day) * FROM ({source})",
        "row_number": f"SELECT * EXCLUDE n FROM (SELECT *, row_number() OVER "
        f"(PARTITION BY id, day) AS n FROM ({source})) WHERE n = 1",
    }[how]
    with db.connect() as connection:
        connection.execute("SET preserve_insertion_order = false")
        started = time.monotonic()
        done = connection.execute(
            f"COPY ({distinct}) TO '{target}' (FORMAT parquet, PARTITION_BY (day))"
        ).fetchone()
        return {"seconds": time.monotonic() - started, "accepted": done[0] if done else 0}


def generate(folder: str, rows: str, per_object: str, broken: str) -> dict[str, Any]:
    """Events below `folder`; see `events.write`."""
    size = events.write(Path(folder), int(rows), per_object=int(per_object), broken=int(broken))
    return {"bytes": size}


def load() -> dict[str, Any]:
    """Seconds to import Dagster, then to load the definitions and resolve their graph."""
    started = time.monotonic()
    import dagster

    imported = time.monotonic()
    from pipeline_platform.definitions import defs

    found = defs() if callable(defs) else defs
    if isinstance(found, dagster.Definitions):
        found.resolve_asset_graph()
    return {"dagster": imported - started, "definitions": time.monotonic() - imported}


TASKS: dict[str, Callable[..., dict[str, Any]]] = {
    task.__name__: task for task in (admit, duckdb, generate, load)
}

if __name__ == "__main__":
    print(json.dumps(TASKS[sys.argv[1]](*sys.argv[2:])))
