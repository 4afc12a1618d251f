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


def workers(folder: Path, steps: str, count: int) -> list[subprocess.Popen[str]]:
    """Workers that have imported everything and wait to be told to begin."""
    command = [sys.executable, "-m", "pipeline_platform_tests.snapshots.worker", str(folder)]
    pipe = subprocess.PIPE
    found = [
        subprocess.Popen([*command, steps, "40"], stdin=pipe, stdout=pipe, stderr=pipe, text=True)
        for _ in range(count)
    ]
    for worker in found:
        assert worker.stdout and worker.stdout.readline() == "ready\n"
    return found


def begin(worker: subprocess.Popen[str]) -> None:
    """Tell a worker to begin."""
    assert worker.stdin
    worker.stdin.write("\n")
    worker.stdin.flush()


def killed(worker: subprocess.Popen[str], after_s: float) -> None:
    """Let a worker work for that long, and kill it."""
    begin(worker)
    time.sleep(after_s)
    worker.kill()
    worker.communicate()


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
    instants = random.Random(1)
    for worker in workers(tmp_path, "take", 5):
        killed(worker, instants.uniform(0, LONGEST_S))
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
    waiting, instants = workers(tmp_path, "fold", 2 * len(STATES)), random.Random(2)
    for state in STATES:
        stage.be(state)
        states.append((stage.snapshots().take().taken_at, state))
        for worker in waiting[:2]:
            killed(worker, instants.uniform(0, LONGEST_S))
            waiting.remove(worker)
    stage.snapshots().fold()
    assert stage.history() == law(states)
    assert stage.current() == STATES[-1]


@pytest.mark.slow
def test_takers_and_folders_at_once(tmp_path: Path) -> None:
    stage = Stage(tmp_path, clock=lambda: datetime.now(UTC))
    waiting = [workers(tmp_path, "take,fold", 3) for _ in range(2)]
    for state, together in zip(STATES, waiting, strict=False):
        stage.be(state)
        for worker in together:
            begin(worker)
        for worker in together:
            ended(worker)
    instants = [at for at, _ in taken(stage)]
    states: list[tuple[datetime, Any]] = list(zip(instants, STATES[:2], strict=True))
    assert stage.history() == law(states)
    assert stage.current() == STATES[1]
    folds = [stage.lake.table(name).snapshot() for name in (ITEMS.current, ITEMS.history)]
    assert len({fold.last_metadata()["snapshot"] for fold in folds}) == 1
