"""Proofs find what was changed behind the platform's back, and name where it came from."""

from pathlib import Path
from random import Random

import polars as pl

from pipeline_platform.contracts.windows import DayWindow
from pipeline_platform.ingest.sample import sample
from pipeline_platform.lake.table import LakeTable
from pipeline_platform.views.proof import Mismatch, Proof
from pipeline_platform.views.states import States
from pipeline_platform_tests.views.histories import DAY, VIEW, begun, event
from pipeline_platform_tests.views.stage import Stage


def _proof(stage: Stage) -> Proof:
    here = stage.platform
    found, _ = stage.read(VIEW)
    return Proof(found, here.lake.table(VIEW.source).snapshot(), here.engine, here.lake)


def _doubled(table: LakeTable) -> None:
    """Let every row be in the table twice."""
    read = table.snapshot()
    rows = read.frame().collect()
    with table.stage(read) as staging:
        staging.write(pl.concat([rows, rows]))
        files = staging.finish()
    table.replace(files, read=read, window=None)


def test_right_answers_and_rows_have_no_mismatch(tmp_path: Path) -> None:
    stage = begun(tmp_path, [event("e1"), event("e1")], [event("e2", day=2), event("e1")])
    stage.settle(VIEW, DayWindow.of(DAY))
    assert _proof(stage).whole() == []
    assert [_proof(stage).of_day(day) for day in _proof(stage).days] == [[], []]
    for seed in range(5):
        assert sample(stage.admission, 2, Random(seed)) == []


def test_a_wrong_state_is_named_with_its_day_and_objects(tmp_path: Path) -> None:
    stage = begun(tmp_path, [event("e1")], [event("e2", day=2)])
    _doubled(States(VIEW, 0, stage.platform.lake).table)
    found = _proof(stage).whole()
    assert [(m.day, m.group, m.objects) for m in found] == [
        ("2026-03-01", {"shop": "a"}, ("sales/0000.json",)),
        ("2026-03-02", {"shop": "a"}, ("sales/0001.json",)),
    ]
    assert [(m.answered["events"], m.recomputed["events"]) for m in found] == [(2, 1), (2, 1)]
    assert all(isinstance(m, Mismatch) for m in found)


def test_a_sample_of_objects_finds_rows_that_raw_does_not_give(tmp_path: Path) -> None:
    stage = begun(tmp_path, [event("e1")], [event("e2")])
    table = stage.admission.tables.accepted
    read = table.snapshot()
    rows = read.frame().collect()
    with table.stage(read) as staging:
        staging.write(rows.with_columns(item=pl.lit("forged")).filter(pl.col("id") == "e1"))
        files = staging.finish()
    table.replace(files, read=read, window=None)
    found = sample(stage.admission, 2, Random(0))
    assert [(f.kind, f.rows, f.objects) for f in found] == [
        ("missing", 1, ("sales/0001.json",)),
        ("changed", 1, ("sales/0000.json",)),
    ]
