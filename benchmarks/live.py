"""The real-time path: how soon an event is in an answer, and how many events it keeps up with."""

import json
import signal
import subprocess
import sys
from bisect import bisect_left
from pathlib import Path
from typing import Any

from benchmarks.report import table

RATES = (1_000, 100_000)
FLOODS, FLOOD_RATE = (1_000_000, 10_000_000), 1_000
SECONDS = {1_000: 30, 100_000: 20}
_GRACE_S = 60
_COLUMNS = [
    "events per second",
    "p50 s",
    "p95 s",
    "last third p95 s",
    "rows per epoch",
    "CPU s per million",
    "a read, p50 s",
    "peak memory",
]
_FLOOD = [
    "rows at once",
    "seconds",
    "live rows, p50 s",
    "p95 s",
    "last third p95 s",
    "peak memory",
    "memory as it went, MB",
    "CPU s per million",
]


def visibility(folder: Path) -> str:
    """From the rename of an object to the first answer with its events, four views kept up."""
    return table(_COLUMNS, [_measured(folder / str(rate), rate, SECONDS[rate]) for rate in RATES])


def flood(folder: Path) -> str:
    """Ten million rows landing at once, and live rows beside them, against a tenth of it."""
    return table(_FLOOD, [_flooded(folder / str(rows), rows) for rows in FLOODS])


def _flooded(home: Path, rows: int) -> tuple[object, ...]:
    (home / "landing").mkdir(parents=True)
    runner = _start("run_live", home)
    producer = _start("land_flood", home, rows, FLOOD_RATE)
    reader = _start("read_flood", home, _accepted(rows))
    landed, seen = _answer(producer), _answer(reader)["seen"]
    runner.send_signal(signal.SIGTERM)
    ran = _answer(runner)
    assert not ran["troubles"], ran["troubles"]
    counts = [count for _, count, _ in seen]
    assert counts == sorted(counts), "an answer went back in time"
    within = [(at, events) for at, events in landed["renamed"] if events <= counts[-1]]
    waits = [seen[bisect_left(counts, events)][0] - at for at, events in within]
    return (
        f"{rows:,}",
        landed["seconds"],
        _quantile(waits, 0.5),
        _quantile(waits, 0.95),
        _quantile(waits[len(waits) * 2 // 3 :], 0.95),
        f"{ran['memory'] / 1e6:,.0f} MB",
        " ".join(f"{step / 1e6:.0f}" for step in ran["steps"]),
        ran["cpu"] / ran["rows"] * 1e6,
    )


def _measured(home: Path, rate: int, seconds: int) -> tuple[object, ...]:
    (home / "landing").mkdir(parents=True)
    runner = _start("run_live", home)
    producer = _start("land_live", home, rate, seconds)
    reader = _start("read_live", home, rate * seconds, seconds + _GRACE_S)
    renamed, seen = _answer(producer)["renamed"], _answer(reader)["seen"]
    runner.send_signal(signal.SIGTERM)
    ran = _answer(runner)
    assert not ran["troubles"], ran["troubles"]
    waits = _waits(renamed, seen)
    return (
        f"{rate:,}",
        _quantile(waits, 0.5),
        _quantile(waits, 0.95),
        _quantile(waits[len(waits) * 2 // 3 :], 0.95),
        f"{ran['rows'] / max(1, ran['epochs']):,.0f}",
        ran["cpu"] / ran["rows"] * 1e6,
        _quantile([took for _, _, took in seen], 0.5),
        f"{ran['memory'] / 1e6:,.0f} MB",
    )


def _waits(renamed: list[list[float]], seen: list[list[float]]) -> list[float]:
    """Per object: seconds to the first answer that counts its events; all must be in one."""
    counts = [count for _, count, _ in seen]
    assert counts == sorted(counts), "an answer went back in time"
    assert counts[-1] >= _accepted(int(renamed[-1][1])), "not every event came into the answer"
    places = [bisect_left(counts, _accepted(int(events))) for _, events in renamed]
    return [seen[place][0] - at for place, (at, _) in zip(places, renamed, strict=True)]


def _accepted(events: int) -> int:
    """Of the first so many generated events; every thousandth repeats its predecessor."""
    return events - events // 1000


def _quantile(values: list[float], share: float) -> float:
    return sorted(values)[int(len(values) * share)]


def _start(name: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "benchmarks.tasks", name, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def _answer(process: subprocess.Popen[str]) -> dict[str, Any]:
    output, _ = process.communicate()
    assert process.returncode == 0, output
    return dict(json.loads(output.strip().rsplit("\n", 1)[-1]))
