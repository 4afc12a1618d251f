"""Every kind of database gives the rows of one instant, each exactly once, or says why not."""

import re
import time
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.dialects import mysql, postgresql

from pipeline_platform.errors import Abort, SourceUnavailable, UnknownName
from pipeline_platform.ports.local.database import SqlDatabase
from pipeline_platform.ports.local.dialects import dialect
from pipeline_platform.ports.local.source_shape import shape_of
from pipeline_platform.settings import source_url
from pipeline_platform.snapshots.frames import Frames
from pipeline_platform_tests.snapshots.servers import PASSWORD
from pipeline_platform_tests.snapshots.stage import Source, Stage, column, declared, read

NUMBERS = declared("numbers", ["n"], column("n", "bigint"), column("v", "bigint"), chunk_rows=10)


def numbers(source: Source, count: int = 100) -> None:
    """The table `numbers`: n and v run from 1."""
    rows = [{"n": n, "v": n} for n in range(1, count + 1)]
    primary = sa.Column("n", sa.BigInteger, primary_key=True, autoincrement=False)
    source.table("numbers", primary, sa.Column("v", sa.BigInteger), rows=rows)


def test_writers_do_not_change_a_snapshot_that_is_being_read(source: Source) -> None:
    if source.kind == "sqlite":
        with source.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode = WAL").close()
    numbers(source)
    with SqlDatabase(source.url).snapshot(NUMBERS) as chunks:
        found = [next(chunks)]
        source.run(
            "DELETE FROM numbers WHERE n IN (50, 90)",
            "UPDATE numbers SET v = 0 WHERE n > 20",
            "INSERT INTO numbers VALUES (1000, 1), (0, 1), (-5, 1)",
        )
        found += chunks
    rows = [row for chunk in found for row in zip(*chunk.values(), strict=True)]
    assert rows == [(n, n) for n in range(1, 101)]
    assert len(read(source.url, NUMBERS)) == 101


@pytest.mark.parametrize("chunk_rows", [1, 7, 100, 1000])
def test_any_size_of_chunks_gives_every_row_once(source: Source, chunk_rows: int) -> None:
    numbers(source)
    table = declared("numbers", ["n"], *NUMBERS.columns, chunk_rows=chunk_rows)
    assert read(source.url, table) == [(n, n) for n in range(1, 101)]


WORDS = [
    "a",
    "B",
    "c",
    "ä2",
    "é",
    "z",
    "Z2",
    "ß",
    "ss2",
    "'",
    '"',
    "%",
    "\\",
    " x",
    "日本",
]


@pytest.mark.parametrize("chunk_rows", [1, 2, 5])
def test_composite_string_keys_are_paged_as_the_database_compares(
    source: Source, chunk_rows: int
) -> None:
    rows = [{"k 1": word, "k%2": n} for word in WORDS for n in (1, 2, 3)]
    text = sa.String(20)
    if source.kind == "mysql":
        text = mysql.VARCHAR(20, collation="utf8mb4_unicode_520_ci")
    elif source.kind == "postgresql":
        source.run("CREATE COLLATION IF NOT EXISTS blind (provider=icu, locale='und')")
        text = sa.String(20, collation="blind")
    elif source.kind == "sqlite":
        text = sa.String(20, collation="NOCASE")
    keys = (
        sa.Column("k 1", text, primary_key=True),
        sa.Column("k%2", sa.Integer, primary_key=True),
    )
    source.table("words", *keys, rows=rows)
    columns = (column("a", "string", source="k 1"), column("b", "int", source="k%2"))
    table = declared("words", ["a", "b"], *columns, chunk_rows=chunk_rows)
    assert sorted(read(source.url, table)) == sorted((row["k 1"], row["k%2"]) for row in rows)


def test_keys_that_the_database_holds_equal_are_an_error_that_names_them(source: Source) -> None:
    if source.kind == "postgresql":
        source.run(
            "CREATE COLLATION IF NOT EXISTS nocase "
            "(provider=icu, locale='und-u-ks-level2', deterministic=false)"
        )
    collation = {"mysql": "utf8mb4_general_ci", "postgresql": "nocase", "sqlite": "NOCASE"}
    text = sa.String(20, collation=collation[source.kind])
    source.table("words", sa.Column("k", text), rows=[{"k": "one"}, {"k": "ABC"}, {"k": "abc"}])
    with pytest.raises(Abort, match=r"not a key: several rows share one(.|\n)*(ABC|abc)"):
        read(source.url, declared("words", ["k"], column("k", "string"), chunk_rows=1))


def test_null_in_a_key_is_an_error(source: Source) -> None:
    rows = [{"k": 1, "m": 3}, {"k": 2, "m": None}]
    source.table("holes", sa.Column("k", sa.Integer), sa.Column("m", sa.Integer), rows=rows)
    table = declared("holes", ["k", "m"], column("k", "int"), column("m", "int"))
    with pytest.raises(Abort, match=r"not a key: it is NULL(.|\n)*\(2, None\)"):
        read(source.url, table)


def test_the_next_page_is_found_by_the_index(source: Source) -> None:
    rows = [{"a": f"k{n % 3}", "b": n} for n in range(3000)]
    key = [sa.Column("a", sa.String(9), primary_key=True), sa.Column("b", sa.Integer)]
    key[1].primary_key = True
    source.table("pairs", *key, rows=rows)
    source.run("ANALYZE TABLE pairs" if source.kind == "mysql" else "ANALYZE pairs")
    table = declared("pairs", ["a", "b"], column("a", "string"), column("b", "int"), chunk_rows=9)
    with source.engine.connect() as connection:
        kind = dialect(source.engine)
        page = shape_of(connection, table, kind).following
        words = "EXPLAIN QUERY PLAN " if source.kind == "sqlite" else "EXPLAIN "
        plan = connection.exec_driver_sql(words + page, kind.arguments(("k1", 5))).all()
    used = {"sqlite": "SEARCH pairs", "postgresql": "Index Cond", "mysql": "range"}
    assert used[source.kind] in str(plan)
    assert not re.search("Sort|filesort|TEMP B-TREE", str(plan))


ALL = [
    ("flag", "boolean", sa.Boolean(), True),
    ("small", "smallint", sa.SmallInteger(), -32768),
    ("big", "bigint", sa.BigInteger(), 2**63 - 1),
    ("price", "decimal(20,4)", sa.Numeric(20, 4), Decimal("-1234567890123456.7891")),
    ("ratio", "double", sa.Double(), 0.1 + 0.2),
    ("real", "float", sa.Float(24).with_variant(mysql.FLOAT(), "mysql"), 16777215.0),
    ("name", "string", sa.String(50), "Zoë 🛫 'x' \\"),
    ("born", "date", sa.Date(), date(2024, 2, 29)),
    (
        "seen",
        "timestamp",
        sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql"),
        datetime(2024, 2, 29, 23, 59, 59, 123456),  # noqa: DTZ001
    ),
    ("raw", "binary", sa.LargeBinary(), b"\x00\xff'"),
]


def test_every_type_comes_exactly(source: Source) -> None:
    exact = [c for c in ALL if source.kind != "sqlite" or c[0] != "price"]
    primary = sa.Column("id", sa.Integer, primary_key=True, autoincrement=False)
    columns = [sa.Column(name, kind) for name, _, kind, _ in exact]
    source.table("every", primary, *columns, rows=[{"id": 1} | {c[0]: c[3] for c in exact}])
    source.run("INSERT INTO every (id) VALUES (2)")
    said = [column(name, kind) for name, kind, _, _ in exact]
    table = declared("every", ["id"], column("id", "int"), *said)
    frames = Frames(table)
    with SqlDatabase(source.url).snapshot(table) as chunks:
        found = pl.concat([frames.frame(chunk) for chunk in chunks])
    values = {c[0]: c[3] for c in exact}
    values["seen"] = values["seen"].replace(tzinfo=UTC)
    assert found.rows(named=True) == [{"id": 1} | values, {"id": 2} | dict.fromkeys(values)]


def test_an_instant_with_a_zone_is_the_same_instant(postgresql_url: str) -> None:
    source = Source(postgresql_url)
    source.table("zoned", sa.Column("at", sa.DateTime(timezone=True), primary_key=True))
    source.run("INSERT INTO zoned VALUES ('2024-07-01 12:00:00+02')")
    table = declared("zoned", ["at"], column("at", "timestamp"))
    with SqlDatabase(postgresql_url).snapshot(table) as chunks:
        found = Frames(table).frame(next(chunks))
    source.close()
    assert found["at"].to_list() == [datetime(2024, 7, 1, 10, tzinfo=UTC)]


def test_what_has_no_type_of_ours_is_read_as_the_database_writes_it(postgresql_url: str) -> None:
    source = Source(postgresql_url)
    kinds = {
        "j": postgresql.JSONB(),
        "a": postgresql.ARRAY(sa.Text()),
        "i": postgresql.INTERVAL(),
        "t": sa.Time(),
        "net": postgresql.INET(),
    }
    columns = [sa.Column(name, kind) for name, kind in kinds.items()]
    source.table("odd", sa.Column("n", sa.Integer, primary_key=True), *columns)
    source.run(
        """INSERT INTO odd VALUES
        (1, '{"b":[1],"a":null}', '{x,"y z"}', '1 day 2 hours', '10:30', '10.0.0.1')""".replace(
            ":", "\\:"
        )
    )
    texts = [column(name, "string") for name in kinds]
    table = declared("odd", ["n"], column("n", "int"), *texts)
    with SqlDatabase(postgresql_url).snapshot(table) as chunks:
        (found,) = Frames(table).frame(next(chunks)).rows()
    source.close()
    assert found == (
        1,
        '{"a": null, "b": [1]}',
        '{x,"y z"}',
        "1 day 02:00:00",
        "10:30:00",
        "10.0.0.1/32",
    )


@pytest.mark.parametrize("literal", ["'infinity'", "'0044-03-15 BC'"])
def test_instants_that_no_driver_reads_end_the_read(postgresql_url: str, literal: str) -> None:
    source = Source(postgresql_url)
    source.table(
        "zoned", sa.Column("n", sa.Integer, primary_key=True), sa.Column("at", sa.DateTime)
    )
    source.run(f"INSERT INTO zoned VALUES (1, {literal})")
    table = declared("zoned", ["n"], column("n", "int"), column("at", "timestamp"))
    with pytest.raises(Abort, match="a value that the driver cannot read"):
        read(postgresql_url, table)
    source.close()


def test_a_float_key_and_a_table_without_transactions_are_refused(mariadb_url: str) -> None:
    source = Source(mariadb_url)
    source.table("floats", sa.Column("k", sa.Double, primary_key=True))
    with pytest.raises(Abort, match="key column k is DOUBLE"):
        read(mariadb_url, declared("floats", ["k"], column("k", "decimal(10,2)")))
    source.table("old", sa.Column("k", sa.Integer, primary_key=True), mysql_engine="MyISAM")
    with pytest.raises(Abort, match="storage engine MyISAM has no transactions"):
        read(mariadb_url, declared("old", ["k"], column("k", "int")))
    source.close()


def test_what_the_source_lacks_is_named_with_the_likely_name(source: Source) -> None:
    numbers(source)
    with pytest.raises(UnknownName, match=r"number'(.|\n)*did you mean 'numbers'"):
        read(source.url, declared("number", ["n"], column("n", "bigint")))
    columns = (column("n", "bigint"), column("value", "bigint", source="V"))
    with pytest.raises(UnknownName, match=r"column at the source 'V'(.|\n)*did you mean 'v'"):
        read(source.url, declared("numbers", ["n"], *columns))


def test_the_time_limit_ends_a_read(source: Source) -> None:
    numbers(source)
    table = declared("numbers", ["n"], *NUMBERS.columns, chunk_rows=10, time_limit_s=0.5)
    with (
        pytest.raises(SourceUnavailable, match=r"not read within 0.5 s"),
        SqlDatabase(source.url).snapshot(table) as chunks,
    ):
        next(chunks)
        time.sleep(0.6)
        next(chunks)


SLOW = {
    "sqlite": "CREATE VIEW slow AS WITH RECURSIVE t(n) AS "
    "(SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 100000000) SELECT n FROM t",
    "postgresql": "CREATE VIEW slow AS SELECT n, pg_sleep(n)::text FROM generate_series(1, 100) n",
    "mysql": "CREATE VIEW slow AS SELECT a.n + sleep(0.2) AS n FROM numbers a",
}


def test_the_time_limit_ends_a_statement(source: Source) -> None:
    numbers(source)
    source.run(SLOW[source.kind])
    table = declared("slow", ["n"], column("n", "bigint"), time_limit_s=0.7)
    started = time.monotonic()
    try:
        with pytest.raises(SourceUnavailable, match=r"not read within 0.7 s"):
            read(source.url, table)
    finally:
        source.run("DROP VIEW slow")
    assert time.monotonic() - started < 5


def test_a_locked_table_is_not_waited_for_long(postgresql_url: str) -> None:
    source = Source(postgresql_url)
    numbers(source)
    table = declared("numbers", ["n"], *NUMBERS.columns, time_limit_s=1)
    with source.engine.begin() as connection:
        connection.exec_driver_sql("LOCK TABLE numbers IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(SourceUnavailable):
            read(postgresql_url, table)
    source.close()


def test_nothing_can_be_written_through_a_snapshot(source: Source) -> None:
    numbers(source)
    database = SqlDatabase(source.url)
    with database.snapshot(NUMBERS) as chunks:
        connection = chunks.gi_frame.f_locals["self"]._connection  # type: ignore[attr-defined]
        with pytest.raises(sa.exc.DBAPIError, match=r"read.?only|READ ONLY"):
            connection.exec_driver_sql("DELETE FROM numbers")


def secret(error: BaseException) -> list[str]:
    """Pieces of the password that an error or what it hides would show."""
    import traceback

    shown = "".join(traceback.format_exception(error)) + repr(error)
    return [piece for piece in (PASSWORD, "p%40ss", "w0rd", "hunter2") if piece in shown]


@pytest.mark.parametrize("server", ["postgresql", "mariadb"])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("p%40ss", "hunter2"),
        ("p%40ss%2Fw0rd%3A%25", "p@ss/hunter2"),
        ("p%40ss%2Fw0rd%3A%25", "a@hunter2:b"),
        ("127.0.0.1:", "127.0.0.1:hunter2"),
        ("127.0.0.1:", "127.0.0.1:1"),
        ("+", "+hunter2"),
        ("://", "//hunter2"),
    ],
)
def test_no_error_shows_the_password(
    request: pytest.FixtureRequest, server: str, old: str, new: str
) -> None:
    url = request.getfixturevalue(f"{server}_url").replace(old, new, 1)
    with pytest.raises((SourceUnavailable, Abort), match="SOURCE_URL") as raised:
        read(url, NUMBERS)
    assert secret(raised.value) == []
    assert secret(ValueError(repr(SqlDatabase(url)))) == []


@pytest.mark.parametrize("server", ["postgresql", "mariadb"])
def test_a_wrong_password_is_said(request: pytest.FixtureRequest, server: str) -> None:
    url = request.getfixturevalue(f"{server}_url").replace("p%40ss", "wrong")
    with pytest.raises(SourceUnavailable, match="the server refused user or password"):
        read(url, NUMBERS)


def test_a_missing_file_is_an_error_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(Abort, match=r"not there(.|\n)*'none.db'"):
        read(f"sqlite:///{tmp_path}/none.db", NUMBERS)
    assert not (tmp_path / "none.db").exists()


def test_an_unset_variable_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SOURCE_URL", raising=False)
    with pytest.raises(Abort, match="environment variable SOURCE_URL is not set"):
        source_url(NUMBERS)
    filed = declared("numbers", ["n"], column("n", "bigint"), file="shop.db")
    with pytest.raises(Abort, match=r"not there(.|\n)*shop\.db"):
        source_url(filed, tmp_path)
    (tmp_path / "shop.db").touch()
    assert source_url(filed, tmp_path) == f"sqlite:///{tmp_path}/shop.db"
    monkeypatch.setenv("SOURCE_URL", "sqlite:///other.db")
    assert source_url(filed, tmp_path) == "sqlite:///other.db"


def test_the_replica_is_preferred_when_set(monkeypatch: pytest.MonkeyPatch) -> None:
    table = declared("numbers", ["n"], column("n", "bigint"), replica_variable="REPLICA_URL")
    monkeypatch.setenv("SOURCE_URL", "sqlite:///one.db")
    monkeypatch.delenv("REPLICA_URL", raising=False)
    assert source_url(table) == "sqlite:///one.db"
    monkeypatch.setenv("REPLICA_URL", "sqlite:///two.db")
    assert source_url(table) == "sqlite:///two.db"


def misfit(stage: Stage, kind: str, value: str, **said: Any) -> str:
    """What is said of a value in SQL that does not fit; nothing is taken."""
    stage.run("CREATE TABLE t (k int PRIMARY KEY, v)", f"INSERT INTO t VALUES (41, {value})")
    table = declared("t", ["k"], column("k", "int"), column("v", kind, **said))
    with pytest.raises(Abort) as raised:
        stage.snapshots(table).take()
    ledger = stage.lake.table(table.ledger).snapshot()
    assert ledger.num_rows == 0 and "t.v" in str(raised.value) and "k = 41" in str(raised.value)
    return str(raised.value)


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        ("int", "2147483648", "int beyond 32 bits"),
        ("int", "'12'", "str: '12'"),
        ("int", "1.5", "float: 1.5"),
        ("boolean", "2", "int other than 0 and 1"),
        ("decimal(5,2)", "1.25", "float (a binary fraction)"),
        ("decimal(5,2)", "'1.255'", "more than 2 digits after the point"),
        ("decimal(5,2)", "'1234.5'", "more than 3 digits before the point"),
        ("double", "9007199254740993", "that no double holds exactly"),
        ("float", "0.1", "that no float holds exactly"),
        ("string", "12", "int: 12"),
        ("date", "'2023-02-29'", "no day of the calendar"),
        ("date", "'2023-1-1'", "not yyyy-mm-dd"),
        ("timestamp", "'2023-01-01'", "not yyyy-mm-dd hh:mm:ss"),
        ("timestamp", "'2023-01-01 00:00:00.1234567'", "not yyyy-mm-dd hh:mm:ss"),
    ],
)
def test_a_value_that_does_not_fit_ends_the_read(
    stage: Stage, kind: str, value: str, said: str
) -> None:
    assert said in misfit(stage, kind, value)


def test_null_where_it_is_not_declared_ends_the_read(stage: Stage) -> None:
    assert "NULL, and the column is not nullable" in misfit(stage, "int", "NULL", nullable=False)


def test_a_personal_value_is_not_shown(stage: Stage) -> None:
    said = misfit(stage, "int", "'Ada Lovelace'", personal="name")
    assert "str" in said and "Ada" not in said


_COLUMNS = {
    "i": ("integer", "int"),
    "s": ("text", "string"),
    "c": ("char(4)", "string"),
    "u": ("uuid", "string"),
    "n": ("numeric(9,3)", "decimal(12,4)"),
    "m": ("numeric", "decimal(12,3)"),
    "f": ("double precision", "double"),
    "r": ("real", "float"),
    "d": ("date", "date"),
    "t": ("timestamp", "timestamp"),
    "z": ("timestamptz", "timestamp"),
    "b": ("boolean", "boolean"),
}
_INSTANTS = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 30))  # noqa: DTZ001
_ROWS = st.fixed_dictionaries(
    {
        "i": st.integers(-(2**31), 2**31 - 1),
        "s": st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
        | st.sampled_from(["", "\\N", "NULL", '"', '""', ",", "\n", "\r\n", "\\."]),
        "c": st.sampled_from(["", "a", "ab", '"']),
        "u": st.uuids(),
        "n": st.decimals(-999999, 999999, places=3),
        "m": st.decimals(-999999, 999999, places=3),
        "f": st.floats(),
        "r": st.floats(width=32),
        "d": st.dates(),
        "t": _INSTANTS,
        "z": _INSTANTS.map(lambda at: at.replace(tzinfo=UTC)),
        "b": st.booleans(),
    }
).flatmap(
    lambda row: st.sets(st.sampled_from(sorted(row))).map(
        lambda nulls: {name: None if name in nulls else v for name, v in row.items()}
    )
)


@settings(max_examples=20)
@given(st.lists(_ROWS, min_size=1, max_size=8), st.integers(1, 4))
def test_columns_and_rows_of_postgresql_are_equal(
    postgresql_url: str, rows: list[dict[str, Any]], chunk_rows: int
) -> None:
    source = Source(postgresql_url)
    said = ", ".join(f"{name} {kind}" for name, (kind, _) in _COLUMNS.items())
    source.run("DROP TABLE IF EXISTS mixed", f"CREATE TABLE mixed (k integer PRIMARY KEY, {said})")
    marks = ", ".join(f":{name}" for name in ("k", *_COLUMNS))
    with source.engine.begin() as connection:
        numbered = [{"k": k} | row for k, row in enumerate(rows)]
        connection.execute(sa.text(f"INSERT INTO mixed VALUES ({marks})"), numbered)
    columns = [column(name, kind) for name, (_, kind) in _COLUMNS.items()]
    table = declared("mixed", ["k"], column("k", "bigint"), *columns, chunk_rows=chunk_rows)
    found = []
    for columnar in (True, False):
        with SqlDatabase(postgresql_url, columnar=columnar).snapshot(table) as chunks:
            kept = list(chunks)
            assert all(isinstance(chunk["s"], pl.Series) is columnar for chunk in kept)
            found.append(pl.concat([Frames(table).frame(chunk) for chunk in kept]))
    assert found[0].equals(found[1], null_equal=True)
    assert found[0].height == len(rows)


@pytest.mark.parametrize("columnar", [True, False])
def test_a_read_whose_server_goes_away_may_be_tried_again(
    postgresql_url: str, stage: Stage, columnar: bool
) -> None:
    source = Source(postgresql_url)
    numbers(source)
    with (
        pytest.raises(SourceUnavailable, match="the read broke off"),
        SqlDatabase(postgresql_url, columnar=columnar).snapshot(NUMBERS) as chunks,
    ):
        next(chunks)
        source.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND state = 'idle in transaction'"
        )
        next(chunks)
    snapshots = stage.snapshots(NUMBERS, postgresql_url)
    assert snapshots.take().number == 1
    source.close()
