"""What is measured, each task in a process of its own: `python -m benchmarks.tasks`."""

import json
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks import events, joins, live_tasks, view_tasks


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


def land() -> dict[str, Any]:
    """Land the demo's objects, and make its database, in the configured home."""
    from pipeline_platform.cli.demo_data import land as landing
    from pipeline_platform.cli.demo_tables import make_database
    from pipeline_platform.wiring import platform

    here = platform()
    landing(here.store)
    make_database(here.settings.home)
    return {}


def year() -> dict[str, Any]:
    """The demo's runs: seconds in all, and of them in writing events."""
    from pipeline_platform.cli.graph import Graph
    from pipeline_platform.cli.materialize import execute
    from pipeline_platform.cli.project import OWN, declarations, definitions
    from pipeline_platform.components.instance import instance
    from pipeline_platform.wiring import platform

    found, declared = definitions(OWN), declarations(OWN)
    with instance() as opened:
        spent = _Stopwatch()
        for name in ("store_event", "store_event_batch"):
            spent.around(opened.event_log_storage, name)
        started = time.monotonic()
        for batch in Graph(found, declared, platform(), opened).stale(()):
            failed = [step for step in execute(found, opened, batch) if step.kind == "failed"]
            assert not failed, failed
        return {"seconds": time.monotonic() - started, "events": spent.seconds}


def flight_delay() -> dict[str, Any]:
    """`feature.flight_delay` for all its days, then its checks: seconds of each."""
    from pipeline_platform.cli.project import OWN, declarations
    from pipeline_platform.contracts.windows import DayWindow
    from pipeline_platform.features.build import build
    from pipeline_platform.features.leaks import evaluate
    from pipeline_platform.wiring import platform

    here = platform()
    features = declarations(OWN).feature_sets["feature.flight_delay"].feature_set
    days = sorted(day for day in here.lake.table(features.table).snapshot().partitions() if day)
    window = DayWindow(days[0], days[-1] + timedelta(days=1))
    here.engine.collect(here.engine.sql("SELECT 1"))
    started = time.monotonic()
    built = build(features, window, engine=here.engine, lake=here.lake)
    done = time.monotonic()
    checks = evaluate(features, window, engine=here.engine, lake=here.lake)
    assert all(check.passed for check in checks), checks
    return {"build": done - started, "checks": time.monotonic() - done, "rows": built.rows}


class _Stopwatch:
    """Seconds inside the methods that it was put around, nested calls counted once."""

    def __init__(self) -> None:
        self.seconds, self._inside = 0.0, False

    def around(self, owner: object, name: str) -> None:
        """Time every call of `owner.name` from now on."""
        method = getattr(owner, name)

        def timed(*arguments: Any, **named: Any) -> Any:
            if self._inside:
                return method(*arguments, **named)
            self._inside, started = True, time.monotonic()
            try:
                return method(*arguments, **named)
            finally:
                self._inside, self.seconds = False, self.seconds + time.monotonic() - started

        setattr(owner, name, timed)


def bare() -> dict[str, Any]:
    """Admission, snapshots, views, models' SQL and features, without Dagster or checks."""
    from pipeline_platform.batch.change import bring_up
    from pipeline_platform.cli.project import OWN, declarations
    from pipeline_platform.contracts.windows import DayWindow
    from pipeline_platform.features.build import build
    from pipeline_platform.wiring import platform

    here, declared = platform(), declarations(OWN)
    times = [time.monotonic()]
    for stream in declared.streams.values():
        here.admission(stream.contract).run()
    times.append(time.monotonic())
    for table in declared.source_tables.values():
        here.snapshots(table.contract).take()
        here.snapshots(table.contract).fold()
    times.append(time.monotonic())
    for found in declared.views.values():
        bring_up(found.view, engine=here.engine, lake=here.lake, clock=here.clock)
    times.append(time.monotonic())
    for model in declared.models.values():
        _bare_model(here, model.model)
    times.append(time.monotonic())
    for one in declared.feature_sets.values():
        own = one.feature_set.partitioning
        window = DayWindow(own.start, own.end) if own and own.end else None
        build(one.feature_set, window, engine=here.engine, lake=here.lake)
    times.append(time.monotonic())
    names = ("admission", "snapshots", "views", "sql", "features")
    return {name: b - a for name, (a, b) in zip(names, pairwise(times), strict=True)}


def _bare_model(here: Any, model: Any) -> None:
    from deltalake import write_deltalake

    from pipeline_platform.contracts.names import TableName
    from pipeline_platform.sql.tables import substitute_tables

    views = {}
    for number, name in enumerate(model.inputs):
        read = here.lake.table(TableName.parse(name))
        views[name] = f"bare_{model.table.name}_{number}"
        here.engine.pin(views[name], read.uri, read.snapshot().version)
    own = model.partitioning
    window = {"start": own.start, "end": own.end} if own else None
    rows = here.engine.collect(here.engine.sql(substitute_tables(model.sql, views), window))
    target = here.lake.table(model.table).uri
    write_deltalake(target, rows, partition_by=[own.column] if own else None)


TASKS: dict[str, Callable[..., dict[str, Any]]] = {
    task.__name__: task
    for task in (
        admit,
        duckdb,
        generate,
        load,
        land,
        year,
        bare,
        flight_delay,
        live_tasks.run_live,
        live_tasks.land_live,
        live_tasks.read_live,
        live_tasks.land_flood,
        live_tasks.read_flood,
        view_tasks.read_after_epochs,
        view_tasks.read_after_days,
        view_tasks.rebuild,
        view_tasks.keep_up,
        joins.write_join,
        joins.join_kernel,
        joins.join_build,
        joins.join_duckdb,
        joins.compare_joins,
    )
}

if __name__ == "__main__":
    print(json.dumps(TASKS[sys.argv[1]](*sys.argv[2:])))
