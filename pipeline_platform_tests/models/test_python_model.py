"""Python models: a function over DataFrames of pinned tables."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from pipeline_platform.contracts.models import Model
from pipeline_platform.contracts.windows import DayWindow
from pipeline_platform.engine.sail import SailEngine
from pipeline_platform.errors import DeclarationError, StatementFailed
from pipeline_platform.lake.lake import Lake
from pipeline_platform.models.build import build
from pipeline_platform_tests.models.tables import SHOP_DAY, START, day
from pipeline_platform_tests.models.test_build import rows

WHOLE = """
from pyspark.sql import functions as F

def model(spark, inputs, start, end):
    sales = inputs["serving.sales"].where(F.col("_day") >= start).where(F.col("_day") < end)
    joined = sales.join(inputs["serving.shops"], "shop", "left")
    return joined.groupBy(F.col("_day").alias("sale_day"), "shop").agg(
        F.max("city").alias("city"), F.count("*").alias("sales"), F.sum("amount").alias("amount")
    )
"""


def written(folder: Path, text: str) -> Model:
    path = folder / "model.py"
    path.write_text(text)
    return replace(SHOP_DAY, sql="", python=str(path))


def test_a_function_builds_what_the_statement_builds(
    engine: SailEngine, lake: Lake, tmp_path: Path
) -> None:
    window = DayWindow(START, day(4))
    build(SHOP_DAY, window, engine=engine, lake=lake)
    by_statement = rows(lake)
    built = build(written(tmp_path, WHOLE), window, engine=engine, lake=lake)
    assert rows(lake) == by_statement
    assert built.rows_by_day == {day(n): 2 for n in range(4)}


@pytest.mark.parametrize(
    ("text", "what", "known"),
    [
        ("def modell(spark, inputs, start, end): ...", "defines no function 'model'", "modell"),
        ("def model(:\n  pass", "syntax error", "def model(:"),
        ("def model(spark, inputs, start, end): ...", "gave NoneType, not a DataFrame", ""),
    ],
)
def test_what_is_no_model_is_refused(
    engine: SailEngine, lake: Lake, tmp_path: Path, text: str, what: str, known: str
) -> None:
    model = written(tmp_path, text)
    with pytest.raises(DeclarationError) as caught:
        build(model, DayWindow(START, day(1)), engine=engine, lake=lake)
    assert what in caught.value.what
    assert known in caught.value.known
    assert caught.value.where.startswith(model.python)


def test_a_missing_module_is_refused(engine: SailEngine, lake: Lake, tmp_path: Path) -> None:
    model = written(tmp_path, WHOLE)
    Path(model.python).unlink()
    with pytest.raises(DeclarationError, match="no such module"):
        build(model, DayWindow(START, day(1)), engine=engine, lake=lake)


def test_engine_errors_inside_the_function_are_translated(
    engine: SailEngine, lake: Lake, tmp_path: Path
) -> None:
    model = written(
        tmp_path,
        "def model(spark, inputs, start, end):\n"
        "    return inputs['serving.sales'].select('nosuch').schema",
    )
    with pytest.raises(StatementFailed, match="nosuch"):
        build(model, DayWindow(START, day(1)), engine=engine, lake=lake)


def test_errors_of_the_users_own_code_stay_as_they_are(
    engine: SailEngine, lake: Lake, tmp_path: Path
) -> None:
    model = written(tmp_path, "def model(spark, inputs, start, end):\n    return inputs['nope']")
    with pytest.raises(KeyError, match="nope"):
        build(model, DayWindow(START, day(1)), engine=engine, lake=lake)
