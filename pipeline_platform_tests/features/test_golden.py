"""The cases that a reader can check, by the kernel, through a build, and on every engine."""

import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from pipeline_platform.contracts.names import TableName
from pipeline_platform.engine.sail import SailEngine
from pipeline_platform.features.build import build
from pipeline_platform.features.kernel import (
    AT,
    AVAILABLE,
    EVENT,
    features,
    source_key,
    source_value,
    spine_key,
)
from pipeline_platform.features.leaks import evaluate
from pipeline_platform.lake.catalog import load
from pipeline_platform.lake.lake import Lake
from pipeline_platform.lake.shape import as_frame
from pipeline_platform_tests.engine.answers import java
from pipeline_platform_tests.features.golden import NAMES, ROWS, SPINE, Case, shown
from pipeline_platform_tests.models.tables import put


@pytest.mark.parametrize("name", NAMES)
def test_by_the_kernel(name: str) -> None:
    case = Case(name)
    spine, rows = as_frame(case.spine), as_frame(case.rows)
    pairs = list(enumerate(case.group.keys))
    ours = [_key(spine[mine]).alias(spine_key(0, n)) for n, (mine, _) in pairs]
    theirs = [_key(rows[other]).alias(source_key(n)) for n, (_, other) in pairs]
    instants = [rows["event"].alias(EVENT), rows["available"].alias(AVAILABLE)]
    values = [
        rows[expression].alias(source_value(n))
        for n, (_, expression) in enumerate(case.group.outputs)
        if expression != "*"
    ]
    points = pl.DataFrame([spine["at"].alias(AT), *ours])
    found = features(points, [pl.DataFrame([*theirs, *instants, *values])], [case.group])
    assert shown(found.to_arrow()) == case.wanted


def _key(values: pl.Series) -> pl.Series:
    return values.cast(pl.Int64) if values.dtype.is_integer() else values


@pytest.mark.parametrize("name", NAMES)
def test_through_a_build(name: str, engine: SailEngine, lake: Lake) -> None:
    case = Case(name)
    put(lake, TableName.parse(SPINE), case.spine)
    put(lake, TableName.parse(ROWS), case.rows)
    build(case.feature_set, None, engine=engine, lake=lake)
    found = load(lake, "feature.found", "arrow").sort_by("row")
    assert shown(found, case.feature_set.features) == case.wanted
    assert found.select(case.spine.column_names).equals(case.spine)
    assert all(c.passed for c in evaluate(case.feature_set, None, engine=engine, lake=lake))


@pytest.mark.spark
@pytest.mark.timeout(300)
@pytest.mark.parametrize("engine_name", ["spark", "connect"])
def test_on_another_engine(engine_name: str, tmp_path: Path) -> None:
    if engine_name == "spark" and not java():
        pytest.skip("no Java on this machine")
    command = [sys.executable, "-m", "pipeline_platform_tests.features.golden", engine_name]
    done = subprocess.run([*command, str(tmp_path / "found")], capture_output=True, text=True)
    assert not done.returncode, done.stderr[-4000:]
    found = json.loads((tmp_path / "found").read_text())
    wanted = {name: [list(row) for row in Case(name).wanted] for name in NAMES}
    assert found == wanted
