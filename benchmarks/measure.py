"""Runs a task in a process of its own; wall, CPU and peak memory of it."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
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
