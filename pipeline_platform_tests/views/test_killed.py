"""Processes killed by SIGKILL at random instants leave answers that are exact."""

import os
import random
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline_platform.ingest.verify import verify
from pipeline_platform_tests.views.oracle import (
    DEFINITIONS,
    STATEMENTS,
    Event,
    Shop,
    Shops,
    accepted,
    by_city,
)
from pipeline_platform_tests.views.stage import Stage, view_of

KILLS = int(os.environ.get("KILLS", "20"))
AT_ONCE = 2
FIRST = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.slow
@pytest.mark.timeout(60 + 15 * KILLS)
def test_killed_processes_lose_and_double_nothing(tmp_path: Path) -> None:
    chance, stage, shops = random.Random(20130101), Stage(tmp_path), dict[int, Shops]()

    def locate() -> None:
        now = {name: Shop(chance.choice("xyz"), chance.random() < 0.8) for name in "ab"}
        shops[stage.locate(now)] = now

    locate()
    stage.land(_events(chance))
    stage.admit()
    for round in range(-(-KILLS // AT_ONCE)):
        workers = [_started(tmp_path, round * AT_ONCE + n) for n in range(AT_ONCE)]
        until = time.monotonic() + chance.uniform(0.1, 1.5)
        while time.monotonic() < until:
            stage.land(_events(chance), chance.choice(["", "0", "z"]))
            locate()
            time.sleep(0.02)
        for worker in workers:
            worker.kill()
            worker.communicate()
            time.sleep(chance.uniform(0, 0.2))
        _exact(stage, shops)
    head = stage.admit()
    for name in STATEMENTS:
        stage.bring_up(view_of(name))
        while stage.fold(view_of(name)).rows:
            pass
        assert stage.read(view_of(name))[0].standing.as_of == head
    _exact(stage, shops)
    assert verify(stage.admission) == []


def _started(root: Path, seed: int) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "pipeline_platform_tests.views.endless", str(root), str(seed)]
    worker = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert worker.stdout is not None
    assert worker.stdout.readline() == "ready\n"
    return worker


def _exact(stage: Stage, shops: Mapping[int, Shops]) -> None:
    """Every view answers what the oracle makes of the epochs that it holds."""
    view = view_of("by_city")
    found, answer = stage.read(view)
    pinned = {day: shops[version] for day, version in stage.pins(view).items()}
    assert answer == by_city(accepted(stage.admission, found.standing.as_of), pinned)
    for name, definition in DEFINITIONS.items():
        found, answer = stage.read(view_of(name))
        assert answer == definition(accepted(stage.admission, found.standing.as_of)), name


def _events(chance: random.Random) -> list[Event]:
    return [
        Event(
            -1,
            f"e{chance.randrange(400)}",
            FIRST + timedelta(minutes=30 * chance.randrange(192)),
            chance.choice(["a", "b", None]),
            chance.choice([None, Decimal("-1.00"), Decimal("0.10"), Decimal("99999999.99")]),
            chance.choice([None, "x", "y", "z"]),
        )
        for _ in range(chance.randint(1, 20))
    ]
