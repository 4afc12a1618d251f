"""Runners as real processes: killed, stopped, racing; the answer is that of plain SQL."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Event

import polars as pl
import pytest

from pipeline_platform.engine.lasting import LastingSail
from pipeline_platform.ingest.verify import verify
from pipeline_platform.settings import prepare_process
from pipeline_platform.speed.runner import Runner
from pipeline_platform.wiring import Platform
from pipeline_platform_tests.ingest.oracle import CONTRACT, Row
from pipeline_platform_tests.ingest.stage import Stage
from pipeline_platform_tests.ingest.test_admission_processes import check, land
from pipeline_platform_tests.speed.worker import SQL, opened, runner, views

KILLS = int(os.environ.get("KILLS", "20"))


def process(what: str, root: Path) -> subprocess.Popen[str]:
    """A process of the worker; it says `ready` when its imports are done."""
    command = [sys.executable, "-m", "pipeline_platform_tests.speed.worker", what, str(root)]
    made = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert made.stdout is not None
    assert made.stdout.readline() == "ready\n"
    return made


def drain(root: Path) -> None:
    """Admit and fold all that is there."""
    made = runner(root, Event(), once=True)
    made.start()
    made.finish()
    assert made.standings[0].troubles == []


def same_as_sql(here: Platform) -> None:
    """Every view answers what its own SQL says over the accepted rows."""
    rows = here.lake.table(CONTRACT.accepted).snapshot()
    for name, (sql, columns) in SQL.items():
        here.engine.pin(f"plain_{name}", rows.uri, rows.version)
        text = sql.replace("serving.events", f"plain_{name}")
        plain = pl.DataFrame(here.engine.collect(here.engine.sql(text)))
        answer = here.view(name).answer("polars")
        order = list(columns)
        assert answer.sort(order).rows() == plain.select(order).sort(order).rows(), name
        assert here.view(name).standing().as_of == rows.transaction_version("admission")


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_killed_at_random_instants_it_resumes(tmp_path: Path) -> None:
    chance = random.Random(KILLS)
    stage, objects = Stage(tmp_path, CONTRACT), dict[str, list[Row]]()
    land(stage, chance, objects, 3)
    for _ in range(max(3, KILLS // 5)):
        killed = process("run", tmp_path)
        for _ in range(4):
            land(stage, chance, objects, 2)
            time.sleep(chance.uniform(0, 0.5))
        killed.kill()
        killed.communicate()
    drain(tmp_path)
    same_as_sql(opened(tmp_path))
    check(stage, objects)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_two_runners_admissions_and_batches_race_and_a_stop_is_clean(tmp_path: Path) -> None:
    chance = random.Random(11)
    stage, objects = Stage(tmp_path, CONTRACT), dict[str, list[Row]]()
    land(stage, chance, objects, 5)
    drain(tmp_path)
    racers = [process(what, tmp_path) for what in ("run", "run", "admit", "publish")]
    while any(racer.poll() is None for racer in racers[2:]):
        land(stage, chance, objects, 2)
        time.sleep(0.1)
    for racer in racers[:2]:
        racer.send_signal(signal.SIGTERM)
    for racer in racers:
        racer.communicate()
    assert [racer.returncode for racer in racers] == [0, 0, 0, 0]
    drain(tmp_path)
    here = opened(tmp_path)
    same_as_sql(here)
    assert here.view("by_day").standing().cuts
    check(stage, objects)


@pytest.mark.slow
def test_live_rows_are_soon_in_the_answer_while_a_backlog_is_worked_off(tmp_path: Path) -> None:
    """A scaled-down flood: 80 objects at once, then one small object at a time."""
    stage = Stage(tmp_path, CONTRACT)
    for number in range(80):
        text = "".join(
            json.dumps({"id": f"f{number}-{n}", "at": "2020-01-02T01:00:00Z", "n": 5}) + "\n"
            for n in range(400)
        )
        stage.store.put(f"events/flood-{number:04}", text.encode())
    stop = Event()
    made = runner(tmp_path, stop)
    made.start()
    (standing,) = made.standings
    while not standing.epochs:
        time.sleep(0.02)
    waited = []
    for number in range(5):
        behind, epochs = standing.waiting, standing.epochs
        stage.store.put(f"events/live-{number}", Row(f"live{number}", n=7).text.encode())
        if not behind:
            break
        while not _holds(stage, f"live{number}"):
            time.sleep(0.02)
        waited.append(standing.epochs - epochs)
    stop.set()
    made.finish()
    assert waited
    assert max(waited) <= 6
    drain(tmp_path)
    same_as_sql(opened(tmp_path))
    assert verify(stage.admission()) == []


@pytest.mark.slow
def test_the_engine_is_replaced_all_the_time_and_killed_now_and_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline_platform.engine.lasting._LEAST_AGE_S", 0.0)
    prepare_process("sail")
    chance, seen = random.Random(KILLS), set[int]()
    stage, objects = Stage(tmp_path, CONTRACT), dict[str, list[Row]]()
    stop, here, lender = Event(), opened(tmp_path), LastingSail(most_megabytes=1)
    here.lasting = lender
    made = Runner([here.lane(CONTRACT, views(), stop=stop)], stop=stop, watch=here.watch)
    made.start()
    try:
        for _ in range(max(5, KILLS // 4)):
            land(stage, chance, objects, 2)
            time.sleep(chance.uniform(0, 0.6))
            with lender.lent() as engine:
                seen.add(engine.process)
                os.kill(engine.process, signal.SIGKILL)
    finally:
        stop.set()
        made.finish()
        lender.close()
    assert len(seen) == max(5, KILLS // 4)
    drain(tmp_path)
    same_as_sql(opened(tmp_path))
    check(stage, objects)


def _holds(stage: Stage, event: str) -> bool:
    rows = stage.lake.table(CONTRACT.accepted).snapshot().frame(["id"])
    return bool(rows.filter(pl.col("id") == event).select(pl.len()).collect().item())
