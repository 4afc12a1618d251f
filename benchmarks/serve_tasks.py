"""The processes of the HTTP measure: `python -m benchmarks.serve_tasks <name> ...`."""

import asyncio
import json
import resource
import signal
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from threading import Event
from typing import TYPE_CHECKING, Any

from benchmarks import events
from benchmarks.live_tasks import contract

if TYPE_CHECKING:
    from pipeline_platform.contracts.views import View

VIEW = "by_user"
SQL = """SELECT user_id, count(*) AS n, sum(ms) AS ms, max(ts) AS latest
FROM serving.events GROUP BY user_id"""
_CONNECTIONS = 16
_EVERY_S = 0.1
_DAY = datetime(2026, 1, 20, tzinfo=UTC)


def view() -> "View":
    """Events, their milliseconds and the latest one by user."""
    from pipeline_platform.contracts.models import TableColumn
    from pipeline_platform.contracts.views import View
    from pipeline_platform.sql.analysis import analyse
    from pipeline_platform.views.splitting import split

    columns = {**events.COLUMNS, "_day": "date"}
    found = analyse(SQL, {"serving.events": columns}, path=VIEW).columns
    listed = tuple(TableColumn(c.name, c.type or "string") for c in found)
    return View(VIEW, "events", SQL, listed, split(SQL, "events", columns))


def prepare(home: str, keys: str) -> dict[str, Any]:
    """One event of every key, admitted, and the view live."""
    from pipeline_platform.batch.change import bring_up

    folder = Path(home) / "landing" / events.PREFIX
    folder.mkdir(parents=True)
    _write(folder / "first.json", range(int(keys)), "first", _DAY - timedelta(days=1))
    here = _platform(home)
    here.admission(contract()).run()
    bring_up(view(), engine=here.engine, lake=here.lake, clock=here.clock)
    return {}


def run(home: str) -> dict[str, Any]:
    """The runner, until SIGTERM."""
    from pipeline_platform.speed.runner import Runner

    stop, here = _until_told(), _platform(home)
    runner = Runner([here.lane(contract(), [view()], stop=stop)], stop=stop, watch=here.watch)
    runner.start()
    while not stop.wait(_EVERY_S):
        assert runner.running()
    runner.finish()
    return {}


def serve(home: str) -> dict[str, Any]:
    """The server, until SIGTERM; its CPU from when it was ready."""
    from pipeline_platform.cli.serve import serving

    stop = _until_told()
    where: Any = {"host": "127.0.0.1", "port": 0, "most_bytes": 1 << 30, "token": ""}
    with serving(_platform(home), {}, **where) as url:
        (Path(home) / "url.tmp").write_text(url)
        (Path(home) / "url.tmp").rename(Path(home) / "url")
        _wait_for(Path(home) / "ready")
        began, spent = time.monotonic(), time.process_time()
        stop.wait()
        seconds, cpu = time.monotonic() - began, time.process_time() - spent
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"seconds": seconds, "cpu": cpu, "peak": peak}


def land(home: str, keys: str, rate: str, seconds: str) -> dict[str, Any]:
    """Events of random keys, an object every 100 ms, once the server is ready."""
    _wait_for(Path(home) / "ready")
    chance, aside = Random(1), Path(home) / "aside.json"
    began, per_object = time.monotonic(), int(int(rate) * _EVERY_S)
    for number in range(int(float(seconds) / _EVERY_S) if per_object else 0):
        time.sleep(max(0.0, began + number * _EVERY_S - time.monotonic()))
        users = [chance.randrange(int(keys)) for _ in range(per_object)]
        _write(aside, users, f"{number}", _DAY)
        aside.rename(Path(home) / "landing" / events.PREFIX / f"live-{number:05d}.json")
    return {}


def ask(home: str, keys: str, rate: str, seconds: str) -> dict[str, Any]:
    """Requests by random key at a fixed rate over a few connections."""
    _wait_for(Path(home) / "url")
    url = (Path(home) / "url").read_text()
    host, _, port = url.removeprefix("http://").partition(":")
    return asyncio.run(_asked(Path(home), host, int(port), int(keys), int(rate), float(seconds)))


async def _asked(
    home: Path, host: str, port: int, keys: int, rate: int, seconds: float
) -> dict[str, Any]:
    await _loaded(host, port)
    due: asyncio.Queue[float | None] = asyncio.Queue()
    took: list[tuple[float, int, int]] = []
    askers = [
        asyncio.create_task(_asker(host, port, keys, seed, due, took))
        for seed in range(_CONNECTIONS)
    ]
    (home / "ready").touch()
    began, late = time.monotonic(), list[float]()
    for number in range(int(rate * seconds)):
        at = began + number / rate
        await asyncio.sleep(max(0.0, at - time.monotonic()))
        late.append(time.monotonic() - at)
        due.put_nowait(at)
    for _ in askers:
        due.put_nowait(None)
    backwards = sum(await asyncio.gather(*askers))
    times = sorted(seconds for seconds, _, _ in took)
    return {
        "p50": times[len(times) // 2],
        "p95": times[int(len(times) * 0.95)],
        "p99": times[int(len(times) * 0.99)],
        "slowest": times[-1],
        "late": sorted(late)[int(len(late) * 0.95)],
        "failed": sum(status != 200 for _, status, _ in took),
        "versions": len({as_of for _, _, as_of in took}),
        "backwards": backwards,
    }


async def _asker(
    host: str,
    port: int,
    keys: int,
    seed: int,
    due: "asyncio.Queue[float | None]",
    took: list[tuple[float, int, int]],
) -> int:
    """Ask when it is due; how often an epoch was smaller than the one before."""
    chance, latest, backwards = Random(seed), -1, 0
    reader, writer = await asyncio.open_connection(host, port)
    while (at := await due.get()) is not None:
        status, as_of, _ = await _get(reader, writer, f"user_id={chance.randrange(keys)}")
        took.append((time.monotonic() - at, status, as_of))
        backwards += as_of < latest
        latest = max(as_of, latest)
    writer.close()
    return backwards


async def _get(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, question: str
) -> tuple[int, int, bytes]:
    path = f"/views/{VIEW}/rows?{question}"
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
    body = await reader.readexactly(int(fields["content-length"]))
    return int(head.split(" ", 2)[1]), int(fields.get("as-of", -1)), body


async def _loaded(host: str, port: int) -> None:
    status = 0
    while status != 200:
        reader, writer = await asyncio.open_connection(host, port)
        status, _, _ = await _get(reader, writer, "user_id=1")
        writer.close()


def _write(path: Path, users: Any, name: str, at: datetime) -> None:
    import polars as pl

    rows = pl.DataFrame({"user_id": users}).with_row_index("n")
    rows = rows.select(
        id=pl.format("{}-{}", pl.lit(name), pl.col("n")),
        ts=pl.lit(at) + pl.duration(milliseconds=pl.col("n") % 86_400_000),
        user_id=pl.col("user_id").cast(pl.Int64),
        ms=(pl.col("n") % 1000).cast(pl.Int32),
    )
    rows.with_columns(ts=pl.col("ts").dt.to_string("%Y-%m-%dT%H:%M:%S%.3fZ")).write_ndjson(path)


def _platform(home: str) -> Any:
    from pipeline_platform.settings import Settings
    from pipeline_platform.wiring import platform

    return platform(Settings(home=Path(home)))


def _until_told() -> Event:
    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    return stop


def _wait_for(path: Path) -> None:
    while not path.exists():
        time.sleep(_EVERY_S / 2)


TASKS = {task.__name__: task for task in (prepare, run, serve, land, ask)}

if __name__ == "__main__":
    print(json.dumps(TASKS[sys.argv[1]](*sys.argv[2:])))
