"""Admissions as real processes: killed at random instants, and racing each other."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from pipeline_platform.ingest.verify import verify
from pipeline_platform_tests.ingest.oracle import BROKEN, CONTRACT, Oracle, Row, lines
from pipeline_platform_tests.ingest.stage import Stage

KILLS = int(os.environ.get("KILLS", "20"))
EPOCH_BYTES = 40_000


def worker(root: Path) -> subprocess.Popen[str]:
    """A process that admits; it says `ready` when its imports are done."""
    module = "pipeline_platform_tests.ingest.worker"
    command = [sys.executable, "-m", module, str(root), str(EPOCH_BYTES)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def some_rows(chance: random.Random, many: int) -> list[Row]:
    """Rows with repeats, conflicts and broken ones among them."""
    return [
        Row(broken=chance.choice(sorted(BROKEN)))
        if chance.random() < 0.05
        else Row(f"e{chance.randrange(4000)}", chance.randint(1, 10), chance.choice([1, 1, 1, 2]))
        for _ in range(many)
    ]


def land(stage: Stage, chance: random.Random, objects: dict[str, list[Row]], many: int) -> None:
    """New objects under keys in no order."""
    for _ in range(many):
        key = f"events/{chance.randrange(10**6):06}-{len(objects)}"
        objects[key] = some_rows(chance, 150)
        stage.store.put(key, lines(objects[key], compress=chance.random() < 0.5))


def check(stage: Stage, objects: dict[str, list[Row]]) -> None:
    """The tables hold what the ledger's order of the objects gives."""
    oracle = Oracle()
    for plan in stage.admission().tables.ledger.plans(0):
        for planned in plan.objects:
            oracle.admit(objects.pop(planned.ref.key))
    assert objects == {}
    total = stage.admission().run().total
    assert msgspec.structs.replace(total, warned=0) == oracle.accounting
    expected = [(id, day, n) for (id, day), n in oracle.accepted.items()]
    assert stage.accepted() == sorted(expected, key=str)
    assert stage.refused() == oracle.refused
    assert verify(stage.admission()) == []


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_killed_at_random_instants(tmp_path: Path) -> None:
    chance = random.Random(KILLS)
    stage, objects = Stage(tmp_path, CONTRACT), dict[str, list[Row]]()
    killed = 0
    for _ in range(KILLS):
        land(stage, chance, objects, 12)
        process = worker(tmp_path)
        time.sleep(chance.uniform(0, 0.35))
        killed += process.poll() is None
        process.kill()
        process.communicate()
    process = worker(tmp_path)
    process.communicate()
    assert process.returncode == 0
    assert killed >= KILLS // 2
    check(stage, objects)


@pytest.mark.slow
def test_two_admissions_at_once(tmp_path: Path) -> None:
    chance = random.Random(7)
    stage, objects = Stage(tmp_path, CONTRACT), dict[str, list[Row]]()
    land(stage, chance, objects, 20)
    racers = [worker(tmp_path) for _ in range(2)]
    land(stage, chance, objects, 20)
    outputs = [racer.communicate()[0] for racer in racers]
    assert [racer.returncode for racer in racers] == [0, 0]
    stage.admission().run()
    committed = [int(epoch) for output in outputs for epoch in output.split()]
    assert len(committed) == len(set(committed))
    check(stage, objects)
