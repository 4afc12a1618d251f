"""Killed at any instant, run twice or at once: the same tables."""

import random
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipeline_platform_tests.snapshots.stage import ITEMS, Stage, State, law

STATES: list[State] = [
    {(f"k{n}", n): f"{state}" if n % 7 == 0 else "same" for n in range(900) if (n + state) % 5}
    for state in range(3)
]
LONGEST_S = 0.3


def started(folder: Path, steps: str, chunk_rows: int = 40) -> subprocess.Popen[str]:
    """A worker that has imported everything and begins now."""
    command = [sys.executable, "-m", "pipeline_platform_tests.snapshots.worker", str(folder)]
    process = subprocess.Popen(
        [*command, steps, str(chunk_rows)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout and process.stdout.readline() == "ready\n"
    return process


def ended(process: subprocess.Popen[str]) -> None:
    """Wait for a worker that must succeed."""
    _, errors = process.communicate()
    assert process.returncode == 0, errors


def taken(stage: Stage) -> list[tuple[datetime, int]]:
    """Instant and rows of every snapshot; numbers have no holes and instants increase."""
    ledger = stage.ledger()
    assert ledger["number"].to_list() == list(range(1, ledger.height + 1))
    instants = ledger["taken_at"].to_list()
    assert instants == sorted(set(instants))
    return list(zip(instants, ledger["rows"].to_list(), strict=True))


@pytest.mark.slow
def test_killed_takers_leave_whole_snapshots_or_none(tmp_path: Path) -> None:
    stage = Stage(tmp_path, clock=lambda: datetime.now(UTC))
    stage.be(STATES[0])
    for attempt in range(6):
        process = started(tmp_path, "take")
        time.sleep(random.Random(attempt).uniform(0, LONGEST_S))
        process.kill()
        process.communicate()
    stage.be(STATES[1])
    stage.snapshots().take()
    found = taken(stage)
    assert [rows for _, rows in found[:-1]] == [len(STATES[0])] * (len(found) - 1)
    stage.snapshots().fold()
    states = [(at, STATES[0]) for at, _ in found[:-1]] + [(found[-1][0], STATES[1])]
    assert stage.history() == law(states)
    assert stage.current() == STATES[1]


@pytest.mark.slow
def test_killed_folders_leave_the_tables_that_one_fold_makes(tmp_path: Path) -> None:
    stage = Stage(tmp_path, clock=lambda: datetime.now(UTC))
    states: list[tuple[datetime, State]] = []
    for state in STATES:
        stage.be(state)
        states.append((stage.snapshots().take().taken_at, state))
        for attempt in range(3):
            process = started(tmp_path, "fold")
            time.sleep(random.Random(len(states) * 10 + attempt).uniform(0, LONGEST_S))
            process.kill()
            process.communicate()
    stage.snapshots().fold()
    assert stage.history() == law(states)
    assert stage.current() == STATES[-1]


@pytest.mark.slow
def test_takers_and_folders_at_once(tmp_path: Path) -> None:
    stage = Stage(tmp_path, clock=lambda: datetime.now(UTC))
    stage.be(STATES[0])
    for state in STATES[:2]:
        stage.be(state)
        workers = [started(tmp_path, "take,fold") for _ in range(3)]
        for worker in workers:
            ended(worker)
    states: list[tuple[datetime, Any]] = [
        (at, STATES[0] if number < 3 else STATES[1]) for number, (at, _) in enumerate(taken(stage))
    ]
    assert len(states) == 6
    assert stage.history() == law(states)
    assert stage.current() == STATES[1]
    folds = [stage.lake.table(name).snapshot() for name in (ITEMS.current, ITEMS.history)]
    assert len({fold.last_metadata()["snapshot"] for fold in folds}) == 1
