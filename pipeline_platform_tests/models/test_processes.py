"""Builds that are killed, raced, or larger than memory should be."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline_platform.contracts.windows import DayWindow
from pipeline_platform.engine.sail import SailEngine
from pipeline_platform.lake.lake import Lake
from pipeline_platform.models.build import build
from pipeline_platform_tests.models.tables import SHOP_DAY, START, day
from pipeline_platform_tests.models.test_build import data_files, rows

MODULE = "pipeline_platform_tests.models.processes"
ALL = DayWindow(START, day(4))


@pytest.mark.slow
def test_killed_between_staging_and_commit_changes_nothing(
    engine: SailEngine, lake: Lake, tmp_path: Path
) -> None:
    first = build(SHOP_DAY, ALL, engine=engine, lake=lake)
    before, files = rows(lake), data_files(lake, SHOP_DAY.table)
    staged = tmp_path / "staged"
    command = [sys.executable, "-m", MODULE, "stall", lake.root, str(staged)]
    with subprocess.Popen(command) as process:
        while not staged.exists() and process.poll() is None:
            time.sleep(0.05)
        os.kill(process.pid, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert len(data_files(lake, SHOP_DAY.table) - files) == 4
    assert lake.table(SHOP_DAY.table).snapshot().version == first.version
    assert rows(lake) == before
    assert build(SHOP_DAY, ALL, engine=engine, lake=lake).version == first.version + 1
    assert rows(lake) == before


@pytest.mark.slow
def test_memory_does_not_grow_with_rows_or_partitions(tmp_path: Path) -> None:
    def growth(days: int, per_day: int) -> int:
        root = str(tmp_path / f"{days}x{per_day}")
        command = [sys.executable, "-m", MODULE, "memory", root, str(days), str(per_day)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        built, partitions, peak = map(int, done.stdout.split())
        assert (built, partitions) == (days * per_day, days)
        return peak

    small = growth(20, 100_000)
    assert growth(20, 300_000) < small + 150
    assert growth(200, 10_000) < small + 350
