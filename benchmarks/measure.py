"""Runs a task in a process of its own; wall, CPU and memory of it and of what it starts."""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from threading import Event, Thread
from typing import Any

from msgspec import Struct


class Measured(Struct, frozen=True):
    """What a process took: seconds of wall and of CPU, peak resident bytes, its answer."""

    wall_s: float
    cpu_s: float
    peak_bytes: int
    answer: dict[str, Any]


def run(command: list[str], environment: Mapping[str, str] | None = None) -> Measured:
    """Run `command`; its last line of output, if it is JSON, is the answer.

    CPU and peak memory are those of the process and of all that it waited for.
    """
    started = time.monotonic()
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, env={**os.environ, **(environment or {})}
    )
    assert process.stdout
    output = process.stdout.read().decode()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}\n{output}")
    last = output.strip().rsplit("\n", 1)[-1]
    answer = json.loads(last) if last.startswith("{") else {}
    return Measured(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, answer)


def task(name: str, *arguments: object, environment: Mapping[str, str] | None = None) -> Measured:
    """Run `benchmarks.tasks.<name>` in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.tasks", name, *map(str, arguments)]
    return run(command, environment)


def cpu_s() -> float:
    """CPU seconds of this process and of those that it started and saw end."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


class Memory:
    """Resident bytes of this process and of those that it started, looked at all the time."""

    def __init__(self) -> None:
        self.peak, self.seen = 0, list[int]()
        self._stop = Event()
        self._thread = Thread(target=self._look, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Look no longer."""
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._stop.wait(0.5):
            self.seen.append(_resident("self") + sum(map(_resident, _children())))
            self.peak = max(self.peak, self.seen[-1])


def _children() -> list[str]:
    threads = Path("/proc/self/task").iterdir()
    return [child for one in threads for child in _text(one / "children").split()]


def _resident(process: str) -> int:
    found = _text(Path("/proc", process, "statm")).split()
    return int(found[1]) * os.sysconf("SC_PAGE_SIZE") if found else 0


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
