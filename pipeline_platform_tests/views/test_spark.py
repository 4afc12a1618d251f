"""Sail and classic Spark give equal answers, also of each other's states."""

import pickle
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from random import Random

import polars as pl
import pyarrow as pa
import pytest

from pipeline_platform.contracts.names import EPOCH
from pipeline_platform.views.comparing import Answer, unmatched
from pipeline_platform.views.generated import (
    Literals,
    Shape,
    accepted_rows,
    dimension_rows,
    ordered_by,
)
from pipeline_platform_tests.engine.answers import java, start
from pipeline_platform_tests.views.elsewhere import EPOCHS, Asked, Done, done
from pipeline_platform_tests.views.functions import COLUMNS, DIMENSIONS, VIEWS, view

NAMES = (
    *("count", "count_two", "count_if", "filter", "global", "sum_integers", "sum_decimals"),
    *("sum_doubles", "avg_integers", "avg_bigint", "avg_decimals", "avg_doubles", "extremes"),
    *("extremes_of_flags", "booleans", "bits", "max_by", "max_by_double", "max_by_ties"),
    *("max_by_expression", "top", "distinct", "distinct_filtered", "distinct_two", "hll"),
    *("theta", "having", "expressions", "local_days", "dimension", "pinned"),
)
ENGINES_DIFFER = {
    "avg_decimals": "Spark rounds the last digit of a decimal average, Sail cuts it off",
    "expressions": "Spark gives a decimal quotient up to 38 digits, Sail six after the point",
}
LACKING = {
    "max_by_expression": "PySpark cannot collect a NULL struct around a struct that is never NULL",
}
pytestmark = [pytest.mark.spark, pytest.mark.timeout(600)]


def asked(name: str) -> Asked:
    """Rows that overflow nothing, of which Spark's ANSI mode would make an error."""
    sql, random = VIEWS[name], Random(name)
    shape = Shape(60, 3, "mild", ordered_by(sql))
    rows = accepted_rows(COLUMNS, shape, random, Literals.of(sql))
    epochs = pl.Series(EPOCH, [random.randrange(EPOCHS) for _ in range(rows.height)], pl.Int64)
    joined = [table for table in DIMENSIONS if table in sql]
    dimensions = {t: dimension_rows(DIMENSIONS[t], rows, shape, random) for t in joined}
    return Asked(rows.with_columns(epochs), dimensions)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Done, Done, Done]]:
    """By view: Sail's, Spark's with Sail's states of epoch 0, Sail's with Spark's of it."""
    if not java():
        pytest.skip("no Java on this machine")
    folder, sail = tmp_path_factory.mktemp("spark"), start("sail")
    questions = {name: asked(name) for name in NAMES}
    ours = {name: done(name, question, sail) for name, question in questions.items()}
    for name, question in questions.items():
        known = question._replace(theirs=ours[name].first)
        (folder / f"{name}.pickle").write_bytes(pickle.dumps(known))
    command = [sys.executable, "-m", "pipeline_platform_tests.views.elsewhere", "spark"]
    ran = subprocess.run([*command, str(folder)], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr[-4000:]
    spark = {name: read(folder / f"{name}.done") for name in NAMES}
    return {
        name: (ours[name], spark[name], done(name, q._replace(theirs=spark[name].first), sail))
        for name, q in questions.items()
    }


def read(path: Path) -> Done:
    return Done(*pickle.loads(path.read_bytes()))


def different(name: str, one: Answer | None, other: Answer | None) -> list[object]:
    """Rows that only one of the answers has, beside the tolerance of sums of doubles."""
    if one is None or other is None:
        return [one, other]
    approximate = view(name).split.approximate
    loose = {n: 1e-7 for n, column in enumerate(one.types) if column in approximate}
    rows = [*unmatched(one.rows, other.rows, loose), *unmatched(other.rows, one.rows, loose)]
    return [*rows, *([] if one.types == other.types else [one.types, other.types])]


def cases(names: Iterable[str]) -> list[object]:
    """Each view as a parameter; what an engine lacks is expected to fail."""
    marks = {n: pytest.mark.xfail(reason=why, strict=True) for n, why in LACKING.items()}
    return [pytest.param(n, marks=marks[n]) if n in marks else n for n in names]


@pytest.mark.parametrize("name", cases(n for n in NAMES if n not in ENGINES_DIFFER))
def test_equal_answers(name: str, both: dict[str, tuple[Done, Done, Done]]) -> None:
    sail, spark, again = both[name]
    assert (sail.error, spark.error, again.error) == ("", "", "")
    assert not different(name, sail.merged, spark.merged)
    assert not different(name, sail.merged, spark.mixed)
    assert not different(name, sail.merged, again.mixed)
    if "ties" not in name:
        assert not different(name, spark.own, spark.merged)


@pytest.mark.parametrize("name", ENGINES_DIFFER)
def test_each_engine_gives_what_it_gives_directly(
    name: str, both: dict[str, tuple[Done, Done, Done]]
) -> None:
    sail, spark, again = both[name]
    assert different(name, sail.own, spark.own)
    for engine in (sail, spark):
        assert not different(name, engine.own, engine.merged)
    assert not different(name, spark.mixed, spark.merged)
    assert not different(name, again.mixed, sail.merged)


def test_states_are_those_of_either_engine(both: dict[str, tuple[Done, Done, Done]]) -> None:
    for name, (sail, spark, _) in both.items():
        if name not in LACKING:
            assert isinstance(sail.first, pa.Table)
            assert isinstance(spark.first, pa.Table)
            assert sail.first.schema.names == spark.first.schema.names, name
            assert sail.first.num_rows == spark.first.num_rows, name
