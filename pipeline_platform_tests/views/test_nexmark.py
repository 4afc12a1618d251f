"""NEXMark's queries 15 to 17 as views over generated bids, held against plain SQL."""

from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from pipeline_platform.sql.tables import substitute_tables
from pipeline_platform.testing import ViewRun, check_view, run_view
from pipeline_platform_tests.views.nexmark.bids import bids

DEFS = Path(__file__).parent / "nexmark" / "defs"
QUERIES = ("q15", "q16", "q17")
BIDS = list(bids(1500, step_ms=40_000, seed=15))  # a day and a half, over two midnights
LATE = BIDS[::7] + BIDS[:40]  # what came before lands again: without a key these are new bids


@pytest.fixture(scope="module", params=QUERIES)
def run(request: pytest.FixtureRequest) -> ViewRun:
    landed = [*BIDS, *LATE]
    return run_view(DEFS / request.param, landed, epochs=6, batch=[2])


def rows(found: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return sorted(tuple(row.values()) for row in found)


def test_the_view_gives_what_plain_sql_gives(run: ViewRun) -> None:
    engine, view = run.stream.bench.engine, run.declared.view
    accepted = run.stream.bench.lake.table(view.source).snapshot()
    assert accepted.num_rows == len(BIDS) + len(LATE)
    engine.pin("nexmark_bids", accepted.uri, accepted.version)
    direct = engine.sql(substitute_tables(view.sql, {"serving.bids": "nexmark_bids"}))
    expected = engine.collect(direct).to_pylist()
    engine.drop("nexmark_bids")
    assert rows(run) == rows(expected)
    assert len(run) >= 2


def test_the_view_gives_what_another_engine_gives(run: ViewRun) -> None:
    text = run.declared.view.sql
    for ours, theirs in (("yyyy-MM-dd", "%Y-%m-%d"), ("HH:mm", "%H:%M")):
        text = text.replace(f"date_format(date_time, '{ours}')", f"strftime(date_time, '{theirs}')")
    landed = pl.DataFrame([*BIDS, *LATE]).with_columns(
        date_time=pl.col("dateTime").str.to_datetime(time_zone="UTC").dt.replace_time_zone(None)
    )
    with duckdb.connect() as other:
        other.register("bids", landed.to_arrow())
        found = other.execute(text.replace("serving.bids", "bids")).fetchall()
    assert rows(run) == sorted(found)


@pytest.mark.parametrize("query", QUERIES)
def test_the_views_pass_their_check(query: str) -> None:
    check_view(DEFS / query, rounds=2)


def test_the_bids_are_those_of_the_definition() -> None:
    assert list(bids(1500, step_ms=40_000, seed=15)) == BIDS
    hot = sum(bid["channel"] in ("Google", "Facebook", "Baidu", "Apple") for bid in BIDS)
    assert 0.4 < hot / len(BIDS) < 0.6
    assert all(100 <= bid["price"] <= 100_000_000 for bid in BIDS)
    assert len({bid["dateTime"][:10] for bid in BIDS}) == 2
    assert 0.4 < sum(bid["auction"] % 100 == 0 for bid in BIDS) / len(BIDS) < 0.7
