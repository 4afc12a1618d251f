"""Processes of the real-time path over one folder; run as a module: what, folder."""

import random
import signal
import sys
import time
from datetime import timedelta
from pathlib import Path
from threading import Event

from pipeline_platform.batch.settle import settle
from pipeline_platform.contracts.models import TableColumn
from pipeline_platform.contracts.views import View
from pipeline_platform.contracts.windows import DayWindow
from pipeline_platform.errors import Retry
from pipeline_platform.settings import Settings
from pipeline_platform.speed.runner import Runner
from pipeline_platform.views.splitting import split
from pipeline_platform.wiring import Platform, platform
from pipeline_platform_tests.ingest.oracle import CONTRACT, START

TYPES = {"id": "string", "at": "timestamp", "n": "int", "_day": "date"}
SQL = {
    "by_day": (
        "SELECT CAST(at AS DATE) AS day, count(*) AS events, sum(n) AS total, "
        "count(DISTINCT n) AS kinds FROM serving.events GROUP BY CAST(at AS DATE)",
        {"day": "date", "events": "bigint", "total": "bigint", "kinds": "bigint"},
    ),
    "overall": (
        "SELECT n, count(*) AS events, max(id) AS last FROM serving.events WHERE n > 0 GROUP BY n",
        {"n": "int", "events": "bigint", "last": "string"},
    ),
}


def views() -> list[View]:
    """Two views over the stream of the oracle."""
    return [
        View(
            name,
            "events",
            sql,
            tuple(TableColumn(column, kind) for column, kind in columns.items()),
            split(sql, "events", TYPES),
        )
        for name, (sql, columns) in SQL.items()
    ]


def opened(root: Path) -> Platform:
    """The platform at home in `root`, with small epochs."""
    return platform(Settings(home=root, epoch_bytes=40_000))


def runner(root: Path, stop: Event, *, once: bool = False) -> Runner:
    """A runner of the stream and its views."""
    here = opened(root)
    lane = here.lane(CONTRACT, views(), stop=stop, once=once)
    return Runner([lane], stop=stop, watch=None if once else here.watch)


def run(root: Path) -> None:
    """Run until SIGTERM."""
    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    made = runner(root, stop)
    made.start()
    print("ready", flush=True)
    while made.running() and not stop.wait(0.02):
        pass
    made.finish()


def admit(root: Path) -> None:
    """Admit every now and then, for some seconds."""
    print("ready", flush=True)
    for _ in range(5):
        time.sleep(0.3)
        opened(root).admission(CONTRACT).run()


def publish(root: Path) -> None:
    """Settle days, or all of them, for some seconds."""
    here, chance = opened(root), random.Random(1)
    print("ready", flush=True)
    done = 0
    for _ in range(40):
        time.sleep(0.1)
        window = DayWindow.of(START + timedelta(days=chance.randrange(9)))
        for view in views():
            try:
                settle(
                    view,
                    window if chance.random() < 0.7 else None,
                    engine=here.engine,
                    lake=here.lake,
                    clock=here.clock,
                )
                done += 1
            except Retry:
                continue
        if done >= 4:
            return


if __name__ == "__main__":
    {"run": run, "admit": admit, "publish": publish}[sys.argv[1]](Path(sys.argv[2]))
