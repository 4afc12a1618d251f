"""The demo as a stranger runs it: killed, run to its end, run again, asked."""

import json
import os
import shutil
import signal
from collections.abc import Iterator
from io import BytesIO, StringIO
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import dagster as dg
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pipeline_platform.cli import demo_data
from pipeline_platform.components.storage import EventLog
from pipeline_platform.engine.sail import SailEngine
from pipeline_platform.lake.catalog import load, tables
from pipeline_platform.lake.lake import Lake
from pipeline_platform.models.listing import load as answer
from pipeline_platform.settings import prepare_process
from pipeline_platform_tests.cli.command import command, started
from pipeline_platform_tests.demo.views_elsewhere import views
from pipeline_platform_tests.features.reference import features_of_the_year

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

EXPECTED = json.loads((Path(__file__).parent / "data" / "flights_expected.json").read_text())


class Demo:
    """A home in which the demo was killed once and then ran to its end."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.killed = self._killed_while("admit_flights")
        self.first = command(home, "demo", "--format", "json")
        self.lake = Lake(home / "lake")

    def _killed_while(self, step: str) -> int:
        process = started(self.home, "demo")
        assert process.stderr
        for line in process.stderr:
            if step in line:
                os.kill(process.pid, signal.SIGKILL)
        process.stderr.close()
        return process.wait()

    def frame(self, name: str) -> pl.DataFrame:
        return load(self.lake, name, as_="polars")

    def check_counts(self, *key: str) -> dict[str, Any]:
        """Rows at fault by check, as Dagster has recorded them."""
        log = EventLog(str(self.home / "dagster" / "events"))
        wanted = dg.EventRecordsFilter(dg.DagsterEventType.ASSET_CHECK_EVALUATION)
        found = [
            record.event_log_entry.get_dagster_event().asset_check_evaluation_data
            for record in log.get_event_records(wanted, limit=1000)
        ]
        log.dispose()
        return {
            one.check_name: one.metadata["rows at fault"].value
            for one in found
            if one.asset_key == dg.AssetKey(key) and "rows at fault" in one.metadata
        }

    def versions(self) -> dict[str, int]:
        return {table.name: table.version for table in tables(self.lake)}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    yield Demo(tmp_path_factory.mktemp("home"))


def ask(demo: Demo, *arguments: str) -> CompletedProcess[str]:
    found = command(demo.home, "query", *arguments)
    assert found.returncode == 0, found.stderr
    return found


def test_it_goes_on_where_it_was_killed_and_counts_every_table(demo: Demo) -> None:
    assert demo.killed == -signal.SIGKILL
    assert demo.first.returncode == 0, demo.first.stderr
    rows = {row["table"]: row["rows"] for row in json.loads(demo.first.stdout)}
    assert rows["serving.flights"] == rows["warehouse.fact_flight"] == 336_776
    assert rows["serving.weather"] == 26_115
    assert rows["serving.flights__refused"] == rows["serving.weather__refused"] == 0
    assert rows["mart.carrier_on_time"] == 16
    assert rows["mart.airport_day"] == 3 * 365
    assert "dg dev" in demo.first.stderr


def test_a_second_run_changes_nothing_and_says_so(demo: Demo) -> None:
    before = demo.versions()
    again = command(demo.home, "demo")
    assert again.returncode == 0, again.stderr
    assert "Nothing has changed" in again.stderr
    assert demo.versions() == before


def test_carriers_equal_the_reference(demo: Demo) -> None:
    found = ask(demo, "SELECT * FROM mart.carrier_on_time", "--format", "json")
    rows: list[dict[str, Any]] = json.loads(found.stdout)
    assert {row.pop("airline") for row in rows} >= {"United Air Lines Inc.", "JetBlue Airways"}
    assert {row.pop("carrier"): row for row in rows} == EXPECTED["carrier_mart"]


def test_the_fact_equals_the_source(demo: Demo) -> None:
    fact, quality = demo.frame("warehouse.fact_flight"), EXPECTED["quality"]
    assert fact["cancelled"].sum() == quality["cancelled_no_dep_time"]
    assert fact["arr_delay"].null_count() == quality["null_arr_delay"]
    assert fact["precip"].null_count() == quality["flights_without_weather_same_hour"]
    assert f"{fact['scheduled_at'].min():%Y-%m-%dT%H:%M:%S}+00:00" == EXPECTED["min_sched"]
    assert f"{fact['scheduled_at'].max():%Y-%m-%dT%H:%M:%S}+00:00" == EXPECTED["max_sched"]
    assert fact.select((pl.col("scheduled_at").dt.date() == pl.col("flight_day")).all()).item()


def test_every_flight_has_its_dimensions(demo: Demo) -> None:
    fact, quality = demo.frame("warehouse.fact_flight"), EXPECTED["quality"]
    for key, dimension in (
        ("airline_key", "dim_airline"),
        ("plane_key", "dim_plane"),
        ("origin_key", "dim_airport"),
        ("dest_key", "dim_airport"),
    ):
        members = demo.frame(f"warehouse.{dimension}")[dimension.replace("dim_", "") + "_key"]
        assert members.is_unique().all() and "unknown" in members
        assert fact[key].is_in(members.implode()).all(), key
    unknown = quality["tailnum_not_in_planes"] + quality["null_tailnum"]
    assert (fact["plane_key"] == "unknown").sum() == unknown
    destinations = sum(quality["dest_not_in_airports"].values())
    assert (fact["dest_key"] == "unknown").sum() == destinations


def test_the_checks_count_what_the_masters_do_not_know(demo: Demo) -> None:
    counted = demo.check_counts("warehouse", "fact_flight")
    assert counted["plane_is_known"] == EXPECTED["quality"]["tailnum_not_in_planes"] == 50_094
    assert counted["destination_is_known"] == 7_602


def test_features_equal_a_computation_elsewhere(demo: Demo, tmp_path: Path) -> None:
    keys = ["scheduled_at", "carrier", "flight", "origin"]
    expected = features_of_the_year(tmp_path).rename({"delay_sum_24h": "dep_delay_sum_24h"})
    found = demo.frame("feature.flight_delay").select(expected.columns)
    assert found.sort(keys).equals(
        expected.select(pl.col(name).cast(kind) for name, kind in found.schema.items()).sort(keys)
    )


def test_views_equal_their_answers_elsewhere(demo: Demo) -> None:
    prepare_process("sail")
    engine = SailEngine()
    for name, expected in views().items():
        found: pl.DataFrame = answer(demo.lake, engine, f"serving.{name}", "polars")
        naive = found.with_columns(pl.col(pl.Datetime("us", "UTC")).dt.replace_time_zone(None))
        same = naive.select(expected.columns)
        typed = expected.cast(same.schema)
        assert_frame_equal(same, typed, check_row_order=False, rel_tol=1e-12, abs_tol=0)


def test_a_sketch_is_close_to_the_count(demo: Demo) -> None:
    found = demo.frame("serving.planes_by_carrier_day__batch")
    error = (found["planes_estimated"] / found["planes"] - 1).abs()
    assert found["planes"].sum() > 100_000 and error.max() < 0.02  # type: ignore[operator]


def test_views_stand_at_the_last_epoch_with_all_days_settled(demo: Demo) -> None:
    text = "SELECT max(as_of) AS as_of, min(batch_cut) AS cut, sum(late_rows) AS late, "
    text += "count(*) AS days FROM serving.new_york_day__standing"
    (row,) = json.loads(ask(demo, text, "--format", "json").stdout)
    days = demo.frame("serving.flights")["_day"].n_unique()
    assert row["late"] == 0 and row["days"] == days and row["cut"] == row["as_of"]


def test_charts_are_pages_that_need_no_network(demo: Demo) -> None:
    pages = demo.home / "pages"
    names = {path.name for path in pages.glob("*.html")}
    marts = ("airport_day", "carrier_on_time", "delay_by_weather")
    assert names == {"index.html", *(f"mart.{name}.html" for name in marts)}
    index = (pages / "index.html").read_text()
    assert all(f"mart.{name}.html" in index for name in marts)


def test_airport_days_equal_the_source_by_its_local_dates(demo: Demo) -> None:
    source = pl.read_csv(BytesIO(demo_data._bytes("flights.csv.zip")), null_values="NA")
    expected = source.group_by("origin", pl.date("year", "month", "day").alias("local_day")).agg(
        flights=pl.len().cast(pl.Int64),
        cancelled=pl.col("dep_time").null_count().cast(pl.Int64),
        sum_dep_delay=pl.col("dep_delay").sum(),
    )
    found = demo.frame("mart.airport_day").select(expected.columns)
    keys = ["origin", "local_day"]
    assert found.sort(keys).equals(expected.sort(keys))


def test_queries_in_every_format(demo: Demo) -> None:
    text = "SELECT origin, count(*) AS flights FROM warehouse.fact_flight GROUP BY origin"
    as_csv = pl.read_csv(StringIO(ask(demo, text, "--format", "csv").stdout))
    as_json = pl.DataFrame(json.loads(ask(demo, text, "--format", "json").stdout))
    assert as_csv.sort("origin").equals(as_json.sort("origin"))
    assert as_csv["flights"].sum() == 336_776
    cut = ask(demo, "SELECT * FROM serving.weather", "--limit", "2", "--format", "csv")
    assert len(cut.stdout.splitlines()) == 3
    shown = ask(demo, "SELECT origin FROM mart.airport_day")
    assert "--limit 0 shows all" in shown.stderr
    assert "mart.airport_day" in ask(demo, "SHOW TABLES IN mart").stdout
    assert "local_day" in ask(demo, "DESCRIBE mart.airport_day").stdout


def test_verify_finds_that_the_rows_are_what_raw_gives(demo: Demo) -> None:
    sound = command(demo.home, "verify", "weather")
    assert sound.returncode == 0, sound.stderr
    assert "exactly what raw gives" in sound.stdout


def test_admitting_the_same_rows_again_changes_no_table(demo: Demo, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(demo.home, home)
    some = next((home / "landing" / "weather").rglob("*.gz"))
    some.with_name("again.gz").write_bytes(some.read_bytes())
    found = command(home, "admit", "weather", "--format", "json")
    assert found.returncode == 0, found.stderr
    (row,) = json.loads(found.stdout)
    assert row["landed"] == row["duplicates"] > 0
    assert row["accepted"] == row["refused"] == 0
    again = load(Lake(home / "lake"), "serving.weather", as_="polars")
    assert again.equals(demo.frame("serving.weather"))
