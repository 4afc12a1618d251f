"""The processes of the live measures: who runs the streams, who lands, who reads."""

import signal
import time
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from benchmarks import events

if TYPE_CHECKING:
    from pipeline_platform.contracts.stream import StreamContract
    from pipeline_platform.contracts.views import View
    from pipeline_platform.views.handle import ViewHandle

EVERY_S = 0.05  # between two objects that land, and two looks of the reader
_LIVE = (
    '{"id":"live-%d","ts":"2026-01-20T12:00:%02d.000Z","user_id":7,"session":1,"kind":"live",'
    '"page":"/live","country":"DE","amount":1.5,"ms":%d}\n'
)
VIEWS = {
    "by_kind": "SELECT kind, count(*) AS n, sum(ms) AS ms FROM serving.events GROUP BY kind",
    "by_country_hour": "SELECT country, date_trunc('HOUR', ts) AS hour, count(*) AS n, "
    "avg(ms) AS ms, max(user_id) AS highest FROM serving.events "
    "GROUP BY country, date_trunc('HOUR', ts)",
    "users_by_day": "SELECT CAST(ts AS DATE) AS day, kind, "
    "hll_sketch_estimate(hll_sketch_agg(user_id)) AS users "
    "FROM serving.events GROUP BY CAST(ts AS DATE), kind",
    "slowest": "SELECT country, kind, max_by(id, ms) AS id, max(ms) AS ms "
    "FROM serving.events GROUP BY country, kind",
}


def contract() -> "StreamContract":
    """The stream of the generated events."""
    from pipeline_platform.contracts.stream import Column, Landing, StreamContract

    return StreamContract(
        name="events",
        landing=Landing(prefix=events.PREFIX),
        columns=tuple(Column(n, t, nullable=n != "id") for n, t in events.COLUMNS.items()),
        start=events.START,
        event_id=("id",),
        event_time="ts",
    )


def views() -> "list[View]":
    """Four views: totals, averages by hour, a sketch, the greatest with its event."""
    from pipeline_platform.contracts.models import TableColumn
    from pipeline_platform.contracts.views import View
    from pipeline_platform.sql.analysis import analyse
    from pipeline_platform.views.splitting import split

    columns = {**events.COLUMNS, "_day": "date"}
    made = []
    for name, sql in VIEWS.items():
        found = analyse(sql, {"serving.events": columns}, path=name).columns
        listed = tuple(TableColumn(c.name, c.type or "string") for c in found)
        made.append(View(name, "events", sql, listed, split(sql, "events", columns)))
    return made


def run_live(home: str) -> dict[str, Any]:
    """The runner, until SIGTERM: rows and epochs, CPU seconds since it was ready, memory."""
    from benchmarks.measure import Memory, cpu_s
    from pipeline_platform.settings import Settings
    from pipeline_platform.speed.runner import Runner
    from pipeline_platform.wiring import platform

    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    here = platform(Settings(home=Path(home)))
    runner = Runner([here.lane(contract(), views(), stop=stop)], stop=stop, watch=here.watch)
    runner.start()
    (standing,) = runner.standings
    while any(view.rising for view in standing.views.values()):
        assert runner.running(), standing.troubles
        time.sleep(EVERY_S)
    (Path(home) / "ready").touch()
    spent, memory = cpu_s(), Memory()
    while not stop.wait(EVERY_S):
        assert runner.running()
    runner.finish()
    memory.end()
    here.lasting.close()
    return {
        "rows": standing.rows,
        "epochs": standing.epochs,
        "cpu": cpu_s() - spent,
        "memory": memory.peak,
        "steps": memory.seen[:: max(1, len(memory.seen) // 10)],
        "troubles": [str(trouble) for trouble in standing.troubles],
    }


def land_live(home: str, rate: str, seconds: str) -> dict[str, Any]:
    """Land objects at `rate` events per second; when each was renamed, and events up to it."""
    per_object = int(int(rate) * EVERY_S)
    many = int(float(seconds) / EVERY_S)
    aside, landing = Path(home) / "aside", Path(home) / "landing" / events.PREFIX
    events.write(aside, many * per_object, per_object=per_object)
    _wait_for(Path(home) / "ready")
    began, renamed = time.monotonic() + 1, []
    for number, made in enumerate(sorted(aside.iterdir())):
        time.sleep(max(0.0, began + number * EVERY_S - time.monotonic()))
        made.rename(landing / made.name)
        renamed.append((time.monotonic(), (number + 1) * per_object))
    return {"renamed": renamed}


def land_flood(home: str, rows: str, rate: str) -> dict[str, Any]:
    """Land `rows` events at once, then live ones of a kind of their own until all is in.

    When each live object was renamed, and live events up to it; seconds until all was in.
    """
    per_object = int(int(rate) * EVERY_S)
    landing, flood = Path(home) / "landing" / events.PREFIX, Path(home) / "flood"
    events.write(flood, int(rows), per_object=5_000)
    aside, done = Path(home) / "aside.json", Path(home) / "done"
    _wait_for(Path(home) / "ready")
    began, renamed = time.monotonic(), []
    for made in sorted(flood.iterdir()):
        made.rename(landing / made.name)
    number = 0
    while not done.exists():
        time.sleep(max(0.0, began + number * EVERY_S - time.monotonic()))
        first = number * per_object
        lines = (_LIVE % (n, n % 60, n % 1000) for n in range(first, first + per_object))
        aside.write_text("".join(lines))
        aside.rename(landing / f"live-{number:06d}.json")
        number += 1
        renamed.append((time.monotonic(), number * per_object))
    return {"renamed": renamed, "seconds": time.monotonic() - began}


def read_flood(home: str, rows: str) -> dict[str, Any]:
    """Look every 50 ms how many live events are in, until `rows` others are; then say so."""
    counted, seen = 0, list[tuple[float, int, float]]()
    handle = _handle(home)
    while counted < int(rows):
        began = time.monotonic()
        found = dict(handle.answer("polars").select("kind", "n").iter_rows())
        live = int(found.pop("live", 0))
        counted = sum(found.values())
        seen.append((time.monotonic(), live, time.monotonic() - began))
        time.sleep(max(0.0, began + EVERY_S - time.monotonic()))
    (Path(home) / "done").touch()
    return {"seen": seen}


def read_live(home: str, rows: str, seconds: str) -> dict[str, Any]:
    """Look at the answer of a view every 50 ms: when, and how many events it holds."""
    handle, seen, count = _handle(home), list[tuple[float, int, float]](), 0
    until = time.monotonic() + float(seconds)
    while count < int(rows) and time.monotonic() < until:
        began = time.monotonic()
        count = int(handle.answer("polars")["n"].sum())
        seen.append((time.monotonic(), count, time.monotonic() - began))
        time.sleep(max(0.0, began + EVERY_S - time.monotonic()))
    return {"seen": seen}


def _handle(home: str) -> "ViewHandle":
    from pipeline_platform.settings import Settings
    from pipeline_platform.wiring import platform

    _wait_for(Path(home) / "ready")
    return platform(Settings(home=Path(home))).view("by_kind")


def _wait_for(path: Path) -> None:
    while not path.exists():
        time.sleep(EVERY_S)
