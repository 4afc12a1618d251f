"""Building feature sets: windows, slabs, types, refusals; and the demo's year."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline_platform.contracts.features import Aggregate, FeatureSet, Spine, feature_type
from pipeline_platform.contracts.models import TableColumn
from pipeline_platform.contracts.names import TableName
from pipeline_platform.contracts.types import DataType
from pipeline_platform.contracts.windows import DayWindow
from pipeline_platform.engine.sail import SailEngine
from pipeline_platform.errors import DeclarationError, StatementFailed
from pipeline_platform.features.build import build
from pipeline_platform.features.leaks import evaluate
from pipeline_platform.features.slabs import TableRows, slabs
from pipeline_platform.lake.catalog import load
from pipeline_platform.lake.lake import Lake
from pipeline_platform_tests.features.flight_delay import FLIGHT_DELAY
from pipeline_platform_tests.features.reference import features_of_the_year, sources_of_the_year
from pipeline_platform_tests.features.trades import (
    FOUND,
    MONTH,
    OFFERS,
    START,
    lake_with_trades,
    offers,
    replaced,
)
from pipeline_platform_tests.models.tables import put

TOTALS = (102_263_007, 1_313_147_308)  # departures and minutes of delay, over all flights


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return lake_with_trades(tmp_path / "lake")


def rows(lake: Lake) -> pl.DataFrame:
    return load(lake, "feature.found", "polars").sort(pl.all())


def test_a_build_says_what_it_wrote(engine: SailEngine, lake: Lake) -> None:
    built = build(FOUND, MONTH, engine=engine, lake=lake)
    assert built.rows == 30 and set(built.rows_by_day.values()) == {3}
    assert built.inputs == {"serving.offers": 1, "serving.prices": 1}
    assert len(built.preview) == 10
    metadata = lake.table(FOUND.table).snapshot().last_metadata()
    assert metadata["inputs"] == built.inputs
    assert metadata["code_version"] == FOUND.code_version


@pytest.mark.parametrize("slab_rows", [1, 7, 20])
def test_slabs_change_nothing(slab_rows: int, engine: SailEngine, lake: Lake) -> None:
    build(FOUND, MONTH, engine=engine, lake=lake)
    whole = rows(lake)
    build(FOUND, MONTH, engine=engine, lake=lake, slab_rows=slab_rows)
    assert rows(lake).equals(whole)
    assert whole["price"].null_count() < whole.height


def test_days_one_by_one_are_the_whole(engine: SailEngine, lake: Lake) -> None:
    build(FOUND, MONTH, engine=engine, lake=lake)
    whole = rows(lake)
    put(lake, FOUND.table, load(lake, "feature.found", "arrow").slice(0, 0), "_day")
    for day in MONTH.days:
        build(FOUND, DayWindow.of(day), engine=engine, lake=lake)
    assert rows(lake).equals(whole)


def test_other_days_stay(engine: SailEngine, lake: Lake) -> None:
    build(FOUND, MONTH, engine=engine, lake=lake)
    before = rows(lake)
    put(lake, OFFERS, offers(days=5), "_day")
    build(FOUND, DayWindow(date(2013, 1, 3), date(2013, 1, 8)), engine=engine, lake=lake)
    gone = pl.col("_day").is_between(date(2013, 1, 6), date(2013, 1, 7))
    assert rows(lake).equals(before.filter(~gone))


def test_a_spine_of_some_rows_and_no_partitions(engine: SailEngine, lake: Lake) -> None:
    some = replaced(
        FOUND,
        partitioning=None,
        spine=Spine("serving.offers", "at", ("_day", "shop", "at"), "shop = 'a' -- b"),
    )
    assert build(some, None, engine=engine, lake=lake).rows == 20
    outcomes = evaluate(some, None, engine=engine, lake=lake)
    assert [(o.name, o.passed, o.checked_rows) for o in outcomes] == [
        ("spine_kept", True, 20),
        ("no_leaks", True, 20),
    ]


def test_an_empty_spine_is_an_empty_table(engine: SailEngine, lake: Lake) -> None:
    none = replaced(FOUND, spine=replaced(FOUND.spine, where="false"))
    assert build(none, MONTH, engine=engine, lake=lake).rows == 0
    assert all(o.passed for o in evaluate(none, MONTH, engine=engine, lake=lake))


def as_of_with(**changes: object) -> FeatureSet:
    return replaced(FOUND, groups=(replaced(FOUND.groups[0], **changes), FOUND.groups[1]))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (
            as_of_with(keys=(("shop", "length(shop)"),)),
            "'shop' is string and 'length(shop)' is int",
        ),
        (as_of_with(event_ts="_day"), "'_day' is date, not timestamp"),
        (as_of_with(lag_s=-1.0), "lag of -1.0 s looks into the future"),
        (as_of_with(ttl_s=-1.0), "ttl of -1.0 s passes no row"),
        (replaced(FOUND, inputs={"serving.offers": (0, 0)}), "inputs do not name serving.prices"),
        (
            replaced(FOUND, columns=FOUND.columns[:-1]),
            "columns are not those of spine and features",
        ),
        (
            replaced(FOUND, columns=(*FOUND.columns[:-1], TableColumn("total", "int"))),
            "total is double, not int",
        ),
        (
            replaced(FOUND, groups=(FOUND.groups[0], replaced(FOUND.groups[1], width_s=0.0))),
            "0.0 s wide is empty",
        ),
    ],
)
def test_what_no_build_could_honour(
    wrong: FeatureSet, said: str, engine: SailEngine, lake: Lake
) -> None:
    with pytest.raises(DeclarationError, match="What to do") as raised:
        build(wrong, MONTH, engine=engine, lake=lake)
    assert said in str(raised.value)


def test_a_sum_beyond_bigint_is_refused(engine: SailEngine, lake: Lake) -> None:
    total = Aggregate("total", "sum", "9223372036854775807L")
    window = replaced(FOUND.groups[1], aggregates=(total,))
    columns = (*FOUND.columns[:3], TableColumn("total", "bigint"))
    with pytest.raises(StatementFailed, match="a sum does not fit"):
        build(replaced(FOUND, groups=(window,), columns=columns), MONTH, engine=engine, lake=lake)


def test_types_of_features() -> None:
    window = FOUND.groups[1]
    assert str(feature_type(window, "n", None)) == "bigint"
    assert str(feature_type(window, "total", DataType.parse("decimal(10,2)"))) == "decimal(20,2)"
    assert str(feature_type(window, "total", DataType.parse("int"))) == "bigint"
    with pytest.raises(DeclarationError, match="sum of string"):
        feature_type(window, "total", DataType.parse("string"))


@given(
    st.dictionaries(st.integers(0, 20), st.integers(0, 9)),
    st.integers(0, 3),
    st.integers(0, 3),
    st.integers(1, 40),
    st.integers(1, 20),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_slabs_cover_the_window_once(
    sizes: dict[int, int], before: int, after: int, limit: int, length: int
) -> None:
    def day(number: int) -> date:
        return date.fromordinal(START.toordinal() + number)

    table = TableRows({day(n): size for n, size in sizes.items()}, (before, after))
    window = DayWindow(day(0), day(length))
    found = list(slabs(window, [table], limit))
    assert [d for slab in found for d in slab.days] == list(window.days)
    for slab in found:
        first, last = slab.start.toordinal(), slab.end.toordinal()
        read = [n + START.toordinal() for n in sizes]
        wanted = sum(
            sizes[n - START.toordinal()] for n in read if first - before <= n < last + after
        )
        assert table.read_for(slab) == wanted
        assert wanted <= limit or len(slab) == 1


@pytest.mark.slow
def test_the_year_of_the_demo(engine: SailEngine, lake: Lake, tmp_path: Path) -> None:
    """Every feature of every flight equals plain SQL over the files, by another engine."""
    wanted = features_of_the_year(tmp_path)
    facts, readings = sources_of_the_year(tmp_path)
    put(lake, TableName("warehouse", "fact_flight"), facts, "flight_day")
    put(lake, TableName("serving", "weather"), readings, "_day")
    window = DayWindow(date(2013, 1, 1), date(2014, 1, 2))
    assert build(FLIGHT_DELAY, window, engine=engine, lake=lake).rows == 336_776
    found = load(lake, "feature.flight_delay", "polars").select(wanted.columns)
    key = ["scheduled_at", "carrier", "flight", "origin"]
    instants = pl.col("scheduled_at").cast(pl.Datetime("us", "UTC"))
    assert found.sort(key).equals(wanted.with_columns(instants).sort(key))
    assert found.select("departures_24h", "delay_sum_24h").sum().row(0) == TOTALS
