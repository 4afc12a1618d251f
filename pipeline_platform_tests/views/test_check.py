"""The check of a view finds every wrong split, and passes the right ones."""

import time
from pathlib import Path

import msgspec
import pytest

from pipeline_platform.contracts.models import TableColumn
from pipeline_platform.contracts.views import Split, View
from pipeline_platform.engine.sail import SailEngine
from pipeline_platform.errors import Abort, StatementFailed
from pipeline_platform.settings import prepare_process
from pipeline_platform.views import check
from pipeline_platform.views.check import check_view, ensure_checked

COLUMNS = {
    "carrier": "string",
    "at": "timestamp",
    "delay": "int",
    "price": "decimal(10,2)",
    "weight": "double",
    "_day": "date",
    "_epoch": "bigint",
}
SQL = """
SELECT carrier, count(*) AS flights, avg(delay) AS delay, max_by(price, at) AS last_price
FROM serving.flights
WHERE carrier <> 'ZZ' OR carrier IS NULL
GROUP BY carrier
"""
GOOD = Split(
    keys=("k0",),
    states=("s0", "s1", "s2", "s3"),
    partial="SELECT _day, carrier AS k0, count(*) AS s0, sum(delay) AS s1, count(delay) AS s2, "
    "max(CASE WHEN at IS NOT NULL THEN struct(at, price) END) AS s3, count(*) AS _rows "
    "FROM __rows__ WHERE carrier <> 'ZZ' OR carrier IS NULL GROUP BY _day, carrier",
    merge="SELECT _day, k0, sum(s0) AS s0, sum(s1) AS s1, sum(s2) AS s2, max(s3) AS s3, "
    "sum(_rows) AS _rows FROM __states__ GROUP BY _day, k0",
    answer="SELECT k0 AS carrier, sum(s0) AS flights, try_divide(sum(s1), sum(s2)) AS delay, "
    "max(s3).price AS last_price FROM __states__ GROUP BY k0",
    outputs={"carrier": "k0"},
)


def view(split: Split, sql: str = SQL) -> View:
    return View("carrier_delay", "flights", sql, (TableColumn("carrier", "string"),), split)


def changed(part: str, old: str, new: str) -> Split:
    text = getattr(GOOD, part)
    assert old in text
    return msgspec.structs.replace(GOOD, **{part: text.replace(old, new)})


@pytest.fixture(scope="module")
def engine() -> SailEngine:
    prepare_process("sail")
    return SailEngine()


def test_a_right_split_passes_within_seconds(engine: SailEngine) -> None:
    check_view(view(GOOD), COLUMNS, engine, rounds=1)
    started = time.process_time()
    assert check_view(view(GOOD), COLUMNS, engine) is None
    assert time.process_time() - started < 5


MUTANTS = {
    "count merged by max": changed("merge", "sum(s0)", "max(s0)"),
    "count of the last day": changed("answer", "sum(s0)", "max(s0)"),
    "average of averages": changed("answer", "try_divide(sum(s1), sum(s2))", "avg(try_divide(s1, s2))"),
    "a day is lost": changed("merge", "SELECT _day", "SELECT min(_day) OVER () AS _day"),
    "null keys dropped": changed("merge", "FROM __states__", "FROM __states__ WHERE k0 IS NOT NULL"),
    "null orders win": changed("partial", "CASE WHEN at IS NOT NULL THEN struct(at, price) END",
                               "struct(at, price)"),
    "min for max": changed("answer", "max(s3)", "min(s3)"),
    "filter forgotten": changed("partial", "WHERE carrier <> 'ZZ' OR carrier IS NULL", ""),
    "other type": changed("answer", "sum(s0) AS flights", "cast(sum(s0) AS int) AS flights"),
    "days not merged": changed("answer", "GROUP BY k0", "GROUP BY k0, _day"),
    "fails": changed("answer", "sum(s0)", "no_such_function(s0)"),
}  # fmt: skip


@pytest.mark.parametrize("name", [name for name in MUTANTS if name != "a day is lost"])
def test_a_wrong_split_is_found(engine: SailEngine, name: str) -> None:
    found = check_view(view(MUTANTS[name]), COLUMNS, engine)
    assert found is not None
    assert len(found.rows) < 40
