"""The processes of the measures of views: histories that are made, read and rebuilt."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import events, live_tasks

if TYPE_CHECKING:
    import polars as pl

    from pipeline_platform.contracts.views import Paths, View
    from pipeline_platform.views.states import States
    from pipeline_platform.wiring import Platform

TIDY_EVERY = 100
CLEAN_EVERY = 1_000
READS = 30
_DAY = date(2026, 1, 15)
_SQL = (
    "SELECT CAST(ts AS DATE) AS day, date_trunc('HOUR', ts) AS hour, country, count(*) AS n, "
    "sum(ms) AS ms FROM serving.events "
    "GROUP BY CAST(ts AS DATE), date_trunc('HOUR', ts), country"
)


def view(paths: "Paths" = "both", sql: str = _SQL, name: str = "by_hour") -> "View":
    """Counts by day, hour and country."""
    from pipeline_platform.contracts.models import TableColumn
    from pipeline_platform.contracts.views import View
    from pipeline_platform.sql.analysis import analyse
    from pipeline_platform.views.splitting import split

    columns = {**events.COLUMNS, "_day": "date"}
    found = analyse(sql, {"serving.events": columns}, path=name).columns
    listed = tuple(TableColumn(c.name, c.type or "string") for c in found)
    return View(name, "events", sql, listed, split(sql, "events", columns), paths)


def read_after_epochs(home: str, most: str) -> dict[str, Any]:
    """Median milliseconds to read one day, after 10, 1,000 and `most` folds of that day.

    The folds commit state rows that were made by one; every 100 the states are compacted,
    every 1,000 old files and the log are cleaned, as the runner and the schedule do.
    """
    here, states, template = _begun(Path(home))
    found, done, began = {}, 0, time.monotonic()
    for wanted in sorted({10, 1_000, int(most)}):
        for epoch in range(done, wanted):
            _fold(states, template, epoch)
            if epoch % TIDY_EVERY == TIDY_EVERY - 1:
                states.compact(here.engine, at=here.clock())
            if epoch % CLEAN_EVERY == CLEAN_EVERY - 1:
                _clean(states, here)
        done = wanted
        found[str(wanted)] = _median_ms(partial(_one_day, here, wanted))
    return {"ms": found, "seconds": time.monotonic() - began}


def _begun(home: Path) -> "tuple[Platform, States, pl.DataFrame]":
    """A view of one day, and the state rows of one epoch to repeat."""
    from pipeline_platform.batch.change import bring_up
    from pipeline_platform.settings import Settings
    from pipeline_platform.views.states import States
    from pipeline_platform.wiring import platform

    here = platform(Settings(home=home))
    _accept(here, 1, 24, days=1)
    bring_up(view("speed"), engine=here.engine, lake=here.lake, clock=here.clock)
    states = States(view("speed"), 0, here.lake)
    return here, states, states.table.snapshot().frame().collect()


def _accept(here: "Platform", rows_per_hour: int, hours: int, *, days: int) -> None:
    """Land and admit events at every hour of `days` days up to the day that is read."""
    import polars as pl

    first = datetime(_DAY.year, _DAY.month, _DAY.day, tzinfo=UTC) - timedelta(days=days - 1)
    frame = pl.DataFrame({"n": range(days * hours * rows_per_hour)}).select(
        id=pl.format("e{}", "n"),
        ts=pl.lit(first)
        .dt.offset_by(pl.format("{}m", pl.col("n") * 60 // rows_per_hour))
        .dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
        country=pl.col("n").mod(7).cast(pl.String),
        ms=pl.col("n") % 1000,
    )
    here.store.put_if_absent(f"{events.PREFIX}history.json", frame.write_ndjson().encode())
    here.admission(_contract()).run()


def _contract() -> Any:
    from msgspec.structs import replace

    return replace(live_tasks.contract(), start=date(2020, 1, 1))


def _fold(states: "States", rows: "pl.DataFrame", epoch: int) -> None:
    """Commit these state rows as the fold of the epoch after those that are in."""
    import polars as pl

    from pipeline_platform.contracts.names import EPOCH
    from pipeline_platform.views.held import FIRST, FOLD

    held = states.held()
    place = pl.lit(held.folded + 1, pl.Int64())
    with states.table.stage(held.snapshot) as staging:
        staging.write(rows.with_columns(place.alias(EPOCH), place.alias(FIRST)))
        files = staging.finish()
    states.table.append(files, transaction=(FOLD, held.folded + 1), after=held.folded)


def _clean(states: "States", here: "Platform") -> None:
    from pipeline_platform.lake.upkeep import Policy, plan_upkeep, run

    brief = Policy(files_kept=timedelta(minutes=1), log_kept=timedelta(minutes=1))
    for step in plan_upkeep(states.table, here.clock(), policy=brief):
        run(states.table, step)


def _one_day(here: "Platform", folds: int) -> None:
    from pipeline_platform.views.reading import reading

    found = reading(here.lake, "by_hour").answer(here.engine, f"day = DATE '{_DAY}'")
    assert found.num_rows == 24
    assert sum(found.column("n").to_pylist()) == 24 * (folds + 1)


def read_after_days(home: str, days: str) -> dict[str, Any]:
    """Median milliseconds to read one day of a view that the batch settled over `days` days."""
    from pipeline_platform.batch.change import bring_up
    from pipeline_platform.settings import Settings
    from pipeline_platform.wiring import platform

    here = platform(Settings(home=Path(home)))
    _accept(here, 20, 24, days=int(days))
    bring_up(view(), engine=here.engine, lake=here.lake, clock=here.clock)

    def read() -> None:
        found = here.view("by_hour").answer("arrow", f"day = DATE '{_DAY}'")
        assert sum(found.column("n").to_pylist()) == 24 * 20

    return {"ms": _median_ms(read)}


def _median_ms(read: Callable[[], None]) -> float:
    took = []
    for _ in range(READS + 1):
        began = time.monotonic()
        read()
        took.append(time.monotonic() - began)
    return sorted(took[1:])[READS // 2] * 1000


def rebuild(home: str) -> dict[str, Any]:
    """Seconds to fill anew each view over the demo's flights, the tables it joins being there."""
    from pipeline_platform.batch.change import bring_up
    from pipeline_platform.cli.demo_data import land
    from pipeline_platform.cli.demo_tables import make_database
    from pipeline_platform.cli.project import declarations
    from pipeline_platform.settings import Settings
    from pipeline_platform.wiring import platform

    here, declared = platform(Settings(home=Path(home))), declarations(None)
    land(here.store)
    make_database(here.settings.home)
    here.admission(declared.streams["flights"].contract).run()
    for table in declared.source_tables.values():
        here.snapshots(table.contract).take()
        here.snapshots(table.contract).fold()
    here.engine.session()
    took = {}
    for name, found in sorted(declared.views.items()):
        began = time.monotonic()
        bring_up(found.view, engine=here.engine, lake=here.lake, clock=here.clock)
        took[name] = time.monotonic() - began
    return {"seconds": took}


def keep_up(home: str, paths: "Paths", epochs: str, rows: str) -> dict[str, Any]:
    """Keep a view up by these paths over epochs of so many rows: CPU seconds, bytes of state.

    Admission is not counted. With `both`, every day is settled once it is over.
    """
    from pipeline_platform.batch.change import bring_up
    from pipeline_platform.settings import Settings
    from pipeline_platform.views.states import States
    from pipeline_platform.wiring import platform

    here, one = platform(Settings(home=Path(home))), view(paths)
    contract, cpu = live_tasks.contract(), 0.0
    objects = sorted((Path(home) / "aside").iterdir())
    landing = Path(home) / "landing" / events.PREFIX
    landing.mkdir(parents=True)
    here.admission(contract).run()
    bring_up(one, engine=here.engine, lake=here.lake, clock=here.clock)
    settled = events.START
    for number, made in enumerate(objects):
        made.rename(landing / made.name)
        here.admission(contract).run()
        began = time.process_time()
        if paths != "batch":
            _folded(here, one)
        today = events.START + timedelta(days=events.DAYS * (number + 1) // len(objects))
        if paths != "speed" and today > settled:
            _settled(here, one, settled, today)
            settled = today
        cpu += time.process_time() - began
    states = States(one, 0, here.lake)
    kept = states.table.snapshot().files
    return {
        "cpu": cpu / (int(epochs) * int(rows)) * 1e6,
        "bytes": int(kept["size_bytes"].sum()),
        "files": kept.height,
    }


def _folded(here: "Platform", one: "View") -> None:
    from pipeline_platform.speed.fold import compact, fold

    for _ in _until_nothing(lambda: fold(one, engine=here.engine, lake=here.lake).rows):
        compact(one, engine=here.engine, lake=here.lake, clock=here.clock)


def _until_nothing(step: Callable[[], int]) -> Iterator[int]:
    while rows := step():
        yield rows


def _settled(here: "Platform", one: "View", first: date, end: date) -> None:
    from pipeline_platform.batch.settle import settle
    from pipeline_platform.contracts.windows import DayWindow

    settle(one, DayWindow(first, end), engine=here.engine, lake=here.lake, clock=here.clock)
