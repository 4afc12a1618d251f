"""Reprocess ended at every step, and beside an admission that goes on."""

import random
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from pipeline_platform.contracts.stream import Column, StreamContract
from pipeline_platform.ingest import accounts
from pipeline_platform.ingest.admission import Admission
from pipeline_platform.ingest.generations import Reprocessed
from pipeline_platform.ingest.report import Progress
from pipeline_platform.ingest.reprocess import Rebuilt
from pipeline_platform.ingest.verify import verify
from pipeline_platform.lake.table import Commit, LakeTable
from pipeline_platform.lake.writer import StagedFile
from pipeline_platform.ports.local.lease import FileLeases
from pipeline_platform_tests.ingest.oracle import CONTRACT, Row, lines
from pipeline_platform_tests.ingest.stage import NOW, Crash, CrashingTable, Stage

BIG = replace(CONTRACT, columns=(*CONTRACT.columns[:2], Column("n", "bigint")))
LOOSE = replace(CONTRACT, rules=())
POINTS = [
    "in the first epoch",
    "in a later epoch",
    "before refused",
    "after refused",
    "after accounting",
    "before swap",
    "after swap",
]


class CrashingSwap(CrashingTable):
    """A table whose exchange of all rows ends the process before or after it commits."""

    def append(self, files: Sequence[StagedFile], **options: Any) -> Commit:
        return LakeTable.append(self, files, **options)

    def restate(self, files: Sequence[StagedFile], *rest: Any, **options: Any) -> Commit:
        if self.when == "after":
            LakeTable.restate(self, files, *rest, **options)
        raise Crash


def crashing(admission: Admission, point: str) -> dict[str, Any]:
    """What to pass to a reprocess so that it ends at `point`."""

    def report(progress: Progress) -> None:
        if point == "in the first epoch" or (point == "in a later epoch" and progress.epoch == 2):
            raise Crash

    when, what = point.split() if point.count(" ") == 1 else ("", "")
    tables: dict[str, Any] = {}
    if what == "swap":
        tables["accepted"] = CrashingSwap.of(admission.tables.accepted, when)
    elif what:
        tables[what] = CrashingTable.of(getattr(admission.tables, what), when)
    admission.tables = admission.tables.__class__(**vars(admission.tables) | tables)
    return {"admission": admission, "report": report}


def ended(stage: Stage, contract: StreamContract, point: str) -> Rebuilt | None:
    """A reprocess that ends at `point`; what it did where it did not get there."""
    try:
        return stage.reprocess(**crashing(stage.admission(contract), point))
    except Crash:
        return None


def land(stage: Stage, name: str, *rows: Row) -> None:
    """An object that is admitted under the stage's contract as an epoch of its own."""
    stage.store.put(f"events/{name}", lines(list(rows)))
    stage.admission().run()


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """Three epochs with refusals and repeats."""
    made = Stage(tmp_path, CONTRACT)
    land(made, "a", Row("x", n=1), Row("y", n=5000), Row(broken="malformed"))
    land(made, "b", Row("x", n=1), Row("x", n=2), Row("w", day=3))
    land(made, "c", Row("v", day=2, n=3))
    return made


def check(stage: Stage, contract: StreamContract) -> None:
    """Books, refused rows and a second run from raw agree."""
    total = accounts.total(stage.admission(contract).tables)
    assert total.balanced
    assert total.accepted == len(stage.accepted())
    assert total.open_refusals == stage.refused().total()
    assert verify(stage.admission(contract)) == []


def leftovers(stage: Stage) -> list[str]:
    """What a reprocess left of its scratch."""
    folder = Path(stage.lake.root) / "_reprocess" / CONTRACT.name
    return sorted(entry.name for entry in folder.iterdir()) if folder.is_dir() else []


@pytest.mark.parametrize("point", POINTS)
def test_a_reprocess_that_ended_leaves_one_generation_and_the_next_goes_on(
    stage: Stage, point: str
) -> None:
    old, refused = stage.accepted(), stage.refused()
    assert ended(stage, BIG, point) is None
    swapped = point == "after swap"
    tables = stage.admission(BIG).tables
    assert (tables.generation(), stage.accepted(), stage.refused()) == (int(swapped), old, refused)
    check(stage, BIG if swapped else CONTRACT)
    done = stage.reprocess(BIG)
    assert (done.generation, done.resumed) == ((2, False) if swapped else (1, True))
    assert (stage.accepted(), stage.refused(), leftovers(stage)) == (old, refused, [])
    check(stage, BIG)


@pytest.mark.parametrize("point", ["in a later epoch", "after refused", "before swap"])
def test_arrivals_between_an_ended_reprocess_and_the_next_are_rebuilt(
    stage: Stage, point: str
) -> None:
    assert ended(stage, LOOSE, point) is None
    land(stage, "d", Row("u", n=9000), Row("x", n=1))
    check(stage, CONTRACT)
    stage.reprocess(LOOSE)
    assert ("u", 1, 9000) in stage.accepted()
    check(stage, LOOSE)
    assert stage.admission(LOOSE).run().epochs == ()


@pytest.mark.parametrize("point", ["in a later epoch", "before swap"])
def test_what_was_begun_under_another_contract_is_cleared_away(stage: Stage, point: str) -> None:
    assert ended(stage, BIG, point) is None
    done = stage.reprocess(LOOSE)
    assert (done.generation, done.resumed, leftovers(stage)) == (2, False, [])
    check(stage, LOOSE)
    table = stage.lake.table(CONTRACT.accepted)
    newest = table.snapshot().version
    named = {path for at in range(newest + 1) for path in table.snapshot(at).paths(None)}
    root = Path(table.uri)
    assert {str(path.relative_to(root)) for path in root.glob("_day=*/*.parquet")} <= named


def test_arrivals_during_the_rebuild_are_rebuilt_before_the_swap(stage: Stage) -> None:
    seen, unheeding = set[int](), Stage(Path(stage.lake.root).parent, CONTRACT)
    unheeding.leases = FileLeases(Path(stage.lake.root) / "elsewhere", lambda: NOW)

    def report(progress: Progress) -> None:
        if progress.epoch not in seen and progress.epoch < 6:
            seen.add(progress.epoch)
            land(unheeding, f"d{progress.epoch}", Row(f"u{progress.epoch}", n=9000), Row("x", n=1))

    done = stage.reprocess(LOOSE, report=report)
    assert (done.last, done.rounds > 1) == (8, True)
    assert done.before.landed < done.after.landed
    assert [row for row in stage.accepted() if row[2] == 9000] == [
        (f"u{n}", 1, 9000) for n in range(6)
    ]
    check(stage, LOOSE)


def test_an_epoch_that_began_before_the_swap_and_commits_after_it_is_judged_anew(
    stage: Stage,
) -> None:
    stage.store.put("events/d", lines([Row("u", n=9000), Row("t", n=1)]))
    assert stage.crash("after accounting")
    stage.reprocess(LOOSE)
    assert stage.admission(LOOSE).run().epochs == (3,)
    assert ("u", 1, 9000) in stage.accepted()
    check(stage, LOOSE)


def test_a_swap_in_between_makes_the_other_reprocess_give_way(stage: Stage) -> None:
    other = stage.admission(LOOSE)

    def report(progress: Progress) -> None:
        if progress.epoch == 2 and other.tables.generation() == 0:
            number = other.registry.reserve(0, LOOSE, 1, NOW)
            made = other.tables.accepted.snapshot()
            other.tables.accepted.restate(
                [], made.schema, transactions=[("generation", number)], metadata={}, check=anything
            )

    with pytest.raises(Reprocessed, match="reprocessed meanwhile"):
        stage.reprocess(BIG, report=report)
    assert stage.admission(LOOSE).tables.generation() == 2
    assert stage.reprocess(LOOSE).generation == 3
    check(stage, LOOSE)


def anything(_: object) -> None:
    """Whatever the version."""


@pytest.mark.slow
def test_beside_admissions_of_another_process(tmp_path: Path) -> None:
    chance = random.Random(11)
    stage = Stage(tmp_path, CONTRACT, epoch_bytes=3000)
    land_many(stage, chance, 60)
    stage.admission().run()
    module = "pipeline_platform_tests.ingest.steady"
    process = subprocess.Popen([sys.executable, "-m", module, str(tmp_path)], text=True)
    time.sleep(1)
    generations = [stage.reprocess(contract).generation for contract in (CONTRACT, CONTRACT)]
    assert process.poll() is None
    (tmp_path / "stop").touch()
    assert process.wait(60) == 0
    assert generations == [1, 2]
    assert stage.admission().run().total.balanced
    check(stage, CONTRACT)


def land_many(stage: Stage, chance: random.Random, many: int) -> None:
    """Objects of ten rows with repeats and conflicts."""
    for number in range(many):
        rows = [Row(f"e{chance.randrange(300)}", 1, chance.choice([1, 1, 2])) for _ in range(10)]
        stage.store.put(f"events/{number:05}", lines(rows))
