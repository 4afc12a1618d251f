"""The check of a view finds every wrong split, and passes the right ones."""

import time
from pathlib import Path

import msgspec
import pytest

from pipeline_platform.contracts.models import TableColumn
from pipeline_platform.contracts.names import TableName
from pipeline_platform.contracts.views import DimensionTable, Split, View
from pipeline_platform.engine.sail import SailEngine
from pipeline_platform.errors import Abort, StatementFailed
from pipeline_platform.lake.lake import Lake
from pipeline_platform.lake.schema import arrow_schema
from pipeline_platform.settings import prepare_process
from pipeline_platform.views import check
from pipeline_platform.views.before_use import check_before_use
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
    "average of averages": changed("answer", "try_divide(sum(s1), sum(s2))",
                                  "avg(try_divide(s1, s2))"),
    "null keys dropped": changed("merge", "FROM __states__",
                                 "FROM __states__ WHERE k0 IS NOT NULL"),
    "null orders win": changed("partial", "CASE WHEN at IS NOT NULL THEN struct(at, price) END",
                               "struct(at, price)"),
    "min for max": changed("answer", "max(s3)", "min(s3)"),
    "filter forgotten": changed("partial", "WHERE carrier <> 'ZZ' OR carrier IS NULL", ""),
    "other type": changed("answer", "sum(s0) AS flights", "cast(sum(s0) AS int) AS flights"),
    "days not merged": changed("answer", "GROUP BY k0", "GROUP BY k0, _day"),
    "fails": changed("answer", "sum(s0)", "no_such_function(s0)"),
}  # fmt: skip


@pytest.mark.parametrize("name", MUTANTS)
def test_a_wrong_split_is_found(
    engine: SailEngine, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check, "_SHRINKS", 3)
    found = check_view(view(MUTANTS[name]), COLUMNS, engine)
    assert found is not None


def test_the_difference_names_the_group_and_keeps_what_reproduces_it(engine: SailEngine) -> None:
    found = check_view(view(MUTANTS["count of the last day"]), COLUMNS, engine)
    assert found is not None
    assert set(found.group) == {"carrier"}
    assert (found.view, found.engine, found.column) == ("carrier_delay", "sail", "flights")
    assert found.expected > found.found
    assert {row["_day"] for row in found.rows if row["carrier"] == found.group["carrier"]}
    assert f"seed {found.seed}" in str(found)
    assert len(found.rows) < 40


def test_a_wrong_view_is_refused_and_a_right_one_remembered(
    engine: SailEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check, "_SHRINKS", 3)
    with pytest.raises(Abort) as refused:
        ensure_checked(view(MUTANTS["average of averages"]), COLUMNS, engine, tmp_path)
    assert "group carrier=" in refused.value.known
    assert all([refused.value.what, refused.value.where, refused.value.remedy])
    assert not list(tmp_path.iterdir())
    ensure_checked(view(GOOD), COLUMNS, engine, tmp_path)
    assert [path.name.split("-")[0] for path in tmp_path.iterdir()] == ["carrier_delay"]
    monkeypatch.setattr(check, "check_view", lambda *_, **__: pytest.fail("checked again"))
    ensure_checked(view(GOOD), COLUMNS, engine, tmp_path)
    monkeypatch.setattr(check, "_known", set())
    ensure_checked(view(GOOD), COLUMNS, engine, tmp_path)
    monkeypatch.setattr(check, "VERSION", check.VERSION + 1)
    with pytest.raises(pytest.fail.Exception):
        ensure_checked(view(GOOD), COLUMNS, engine, tmp_path)


def test_the_tables_of_a_lake_say_the_columns(engine: SailEngine, tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    types = COLUMNS | {"_event_id": "string", "_position": "int", "_row": "bigint"}
    schema = arrow_schema((name, kind, True) for name, kind in types.items())
    lake.table(TableName("serving", "flights")).ensure(schema, "_day")
    with pytest.raises(Abort, match="would answer wrongly on engine 'sail'"):
        check_before_use(view(MUTANTS["filter forgotten"]), engine=engine, lake=lake)
    check_before_use(view(GOOD), engine=engine, lake=lake)
    assert len(list((tmp_path / "_checks").iterdir())) == 1


def test_sql_that_never_runs_is_the_engines_failure(engine: SailEngine) -> None:
    with pytest.raises(StatementFailed):
        check_view(view(GOOD, "SELECT nothing AS x FROM serving.flights"), COLUMNS, engine)


def test_ties_are_no_difference_but_an_impossible_value_is(engine: SailEngine) -> None:
    sql = "SELECT max_by(price, delay > 0) AS price FROM serving.flights"
    split = Split(
        keys=(),
        states=("s0",),
        partial="SELECT _day, max(CASE WHEN delay IS NOT NULL THEN struct(delay > 0 AS o, "
        "price AS v) END) AS s0, count(*) AS _rows FROM __rows__ GROUP BY _day",
        merge="SELECT _day, max(s0) AS s0, sum(_rows) AS _rows FROM __states__ GROUP BY _day",
        answer="SELECT max(s0).v AS price FROM __states__",
    )
    assert check_view(view(split, sql), COLUMNS, engine) is None
    worse = msgspec.structs.replace(split, answer=split.answer.replace("max(s0).v", "-max(s0).v"))
    assert check_view(view(worse, sql), COLUMNS, engine, rounds=6) is not None


JOINED = """
SELECT f.carrier, c.name, count(*) AS flights
FROM serving.flights f LEFT JOIN warehouse.dim_carrier c ON c.carrier = f.carrier
GROUP BY f.carrier, c.name
"""


def test_dimensions_are_joined(engine: SailEngine) -> None:
    dimensions = {
        "warehouse.dim_carrier": DimensionTable(
            {"carrier": "string", "name": "string"}, (("carrier",),)
        )
    }
    split = Split(
        keys=("k0",),
        states=("s0",),
        partial="SELECT _day, carrier AS k0, count(*) AS s0, count(*) AS _rows FROM __rows__ "
        "GROUP BY _day, carrier",
        merge="SELECT _day, k0, sum(s0) AS s0, sum(_rows) AS _rows FROM __states__ "
        "GROUP BY _day, k0",
        answer="SELECT s.k0 AS carrier, c.name, s.s0 AS flights FROM (SELECT k0, sum(s0) AS s0 "
        "FROM __states__ GROUP BY k0) s LEFT JOIN warehouse.dim_carrier c ON c.carrier = s.k0",
        outputs={"carrier": "k0"},
        dimensions=("warehouse.dim_carrier",),
    )
    assert check_view(view(split, JOINED), COLUMNS, engine, dimensions=dimensions) is None
    inner = msgspec.structs.replace(split, answer=split.answer.replace("LEFT JOIN", "JOIN"))
    assert check_view(view(inner, JOINED), COLUMNS, engine, dimensions=dimensions) is not None
