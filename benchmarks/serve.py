"""Answers by key over HTTP, from a view of a million keys, while events land."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.report import table

KEYS, EVENTS_PER_S, REQUESTS_PER_S, SECONDS = 1_000_000, 1_000, 100, 30
_COLUMNS = [
    "keys",
    "events per second",
    "requests per second",
    "p50 ms",
    "p95 ms",
    "p99 ms",
    "slowest ms",
    "asked late, p95 ms",
    "versions seen",
    "server CPU s per s",
    "server peak MB",
]


def by_key(folder: Path) -> str:
    """Each request asks for one random key; its time counts from when it was due.

    "Asked late" is how much of that the load generator itself waited for a processor.
    """
    return table(_COLUMNS, [_measured(folder / name, rate) for name, rate in _RATES.items()])


_RATES = {"still": 0, "landing": EVENTS_PER_S}


def _measured(home: Path, rate: int) -> tuple[object, ...]:
    home.mkdir(parents=True)
    _answer(_start("prepare", home, KEYS))
    runner = _start("run", home)
    server = _start("serve", home)
    producer = _start("land", home, KEYS, rate, SECONDS)
    asked = _answer(_start("ask", home, KEYS, REQUESTS_PER_S, SECONDS))
    _answer(producer)
    for process in (runner, server):
        process.send_signal(signal.SIGTERM)
    served, _ = _answer(server), _answer(runner)
    assert asked["failed"] == 0, asked
    assert asked["backwards"] == 0, "an answer went back in time"
    assert rate == 0 or asked["versions"] > SECONDS / 5, asked
    quantiles = [asked[name] * 1000 for name in ("p50", "p95", "p99", "slowest", "late")]
    load = served["cpu"] / served["seconds"]
    figures = (f"{KEYS:,}", f"{rate:,}", REQUESTS_PER_S, *quantiles, asked["versions"], load)
    return (*figures, f"{served['peak'] / 1e6:,.0f}")


def _start(name: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "benchmarks.serve_tasks", name, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def _answer(process: subprocess.Popen[str]) -> dict[str, Any]:
    output, _ = process.communicate()
    assert process.returncode == 0, output
    return dict(json.loads(output.strip().rsplit("\n", 1)[-1]))
