"""Processes that fold, publish, compact and change one view at once, beside arrivals."""

import random
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline_platform.batch.change import bring_up
from pipeline_platform.engine.engine import Engine
from pipeline_platform.lake.lake import Lake
from pipeline_platform.speed.fold import fold
from pipeline_platform.views.live import require_live
from pipeline_platform.views.reading import reading
from pipeline_platform_tests.views.store import Event, answered, arrive, clock, expected
from pipeline_platform_tests.views.worker import DEFINITIONS

STEPS = 30


@pytest.mark.slow
def test_every_reading_is_that_of_the_rows_up_to_its_epoch(
    lake: Lake, engine: Engine, tmp_path: Path
) -> None:
    chance = random.Random(7)
    epochs: list[list[Event]] = [[(1, "a", 100)]]
    arrive(lake, 0, epochs[0])
    bring_up(DEFINITIONS[0], engine=engine, lake=lake, clock=clock)
    workers = [_start(tmp_path, seed) for seed in (1, 2)]
    seen, readings = -1, 0
    while any(worker.poll() is None for worker in workers):
        epochs.append(_events(chance))
        arrive(lake, len(epochs) - 1, epochs[-1])
        seen, readings = _read(lake, engine, epochs, seen), readings + 1
    lost = sum(_ended(worker) for worker in workers)
    last = len(epochs) - 1
    while fold(DEFINITIONS[0], engine=engine, lake=lake).upto < last:
        continue
    assert _read(lake, engine, epochs, seen) == last
    assert lost < STEPS and readings > 3


def _start(root: Path, seed: int) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "pipeline_platform_tests.views.worker", str(root), str(seed)]
    command.append(str(STEPS))
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _ended(worker: "subprocess.Popen[str]") -> int:
    out, err = worker.communicate(timeout=60)
    assert worker.returncode == 0, err
    return int(out)


def _events(chance: random.Random) -> list[Event]:
    shops = ["a", "b", "c", None]
    return [
        (chance.randint(1, 3), chance.choice(shops), chance.randint(1, 300))
        for _ in range(chance.randint(0, 5))
    ]


def _read(lake: Lake, engine: Engine, epochs: list[list[Event]], seen: int) -> int:
    """The epoch of the present reading, which is exact and not before `seen`."""
    found = reading(lake, "by_shop")
    as_of = found.standing.as_of
    assert as_of >= seen
    words = found.view.split.partial.split()
    least = 100 * float(words[words.index("amount") + 2]) if "WHERE" in words else 0
    events = [event for each in epochs[: as_of + 1] for event in each if event[2] > least]
    assert answered(lake, engine, pin=found.standing.pin) == expected(events)
    counted = sum(found.standing.late.values())
    assert counted <= sum(len(each) for each in epochs)
    assert require_live(lake, "by_shop").number >= found.live.number
    return as_of
