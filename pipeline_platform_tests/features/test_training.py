"""Training sets come again byte for byte, or say why they cannot."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from pipeline_platform.contracts.windows import DayWindow
from pipeline_platform.engine.sail import SailEngine
from pipeline_platform.errors import Abort, UnknownName
from pipeline_platform.features.build import build
from pipeline_platform.features.training import (
    manifest_path,
    read_manifest,
    rebuild,
    training_set,
)
from pipeline_platform.lake.lake import Lake
from pipeline_platform_tests.features.trades import (
    FOUND,
    MONTH,
    PRICES,
    lake_with_trades,
    prices,
    replaced,
)
from pipeline_platform_tests.models.tables import put

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NAME = "feature.found"
FEW = (date(2013, 1, 3), date(2013, 1, 6))


@pytest.fixture
def lake(tmp_path: Path, engine: SailEngine) -> Lake:
    lake = lake_with_trades(tmp_path / "lake")
    build(FOUND, MONTH, engine=engine, lake=lake)
    return lake


def test_an_old_manifest_gives_the_same_bytes(
    engine: SailEngine, lake: Lake, tmp_path: Path
) -> None:
    first = training_set(lake, NAME, *FEW, as_of=NOW).save(tmp_path / "first.parquet")
    put(lake, PRICES, prices(late=timedelta(hours=10)), "_day")
    build(FOUND, MONTH, engine=engine, lake=lake)
    now = training_set(lake, NAME, *FEW, as_of=NOW)
    again = rebuild(lake, manifest_path(first)).save(tmp_path / "again.parquet")
    assert again.read_bytes() == first.read_bytes()
    assert manifest_path(again).read_bytes() == manifest_path(first).read_bytes()
    assert now.manifest.content_hash != read_manifest(manifest_path(first)).content_hash


def test_the_manifest_says_where_the_rows_came_from(engine: SailEngine, lake: Lake) -> None:
    put(lake, PRICES, prices(late=timedelta(hours=10)), "_day")
    build(FOUND, DayWindow(MONTH.start, FEW[0] + timedelta(1)), engine=engine, lake=lake)
    manifest = training_set(lake, NAME, *FEW, as_of=NOW, columns=["at", "price"]).manifest
    assert (manifest.rows, manifest.columns, manifest.as_of) == (9, ("at", "price"), NOW)
    assert [(i.start, i.end, i.versions["serving.prices"]) for i in manifest.inputs] == [
        (date(2013, 1, 3), date(2013, 1, 4), 2),
        (date(2013, 1, 4), date(2013, 1, 6), 1),
    ]


def test_every_kind_of_frame_has_the_same_rows(engine: SailEngine, lake: Lake) -> None:
    taken = training_set(lake, NAME, as_of=NOW)
    polars = taken.frame("polars")
    assert polars.equals(polars.sort(pl.all())) and polars.height == 30
    assert taken.frame("arrow").num_rows == 30
    assert pl.from_pandas(taken.frame()).height == 30
    assert taken.frame("pyspark", engine=engine).count() == 30
    with pytest.raises(UnknownName, match="kind of frame"):
        taken.frame("excel")  # type: ignore[call-overload]
    with pytest.raises(Abort, match="needs an engine"):
        taken.frame("pyspark")  # type: ignore[call-overload]


def test_the_order_of_files_does_not_matter(engine: SailEngine, lake: Lake) -> None:
    before = training_set(lake, NAME, as_of=NOW).manifest
    build(FOUND, MONTH, engine=engine, lake=lake, slab_rows=1)
    assert training_set(lake, NAME, as_of=NOW).manifest.content_hash == before.content_hash


def test_tampering_is_told(lake: Lake) -> None:
    manifest = training_set(lake, NAME, as_of=NOW).manifest
    for wrong in (replaced(manifest, content_hash="0"), replaced(manifest, rows=29)):
        with pytest.raises(Abort, match="not those of the manifest"):
            rebuild(lake, wrong)
    with pytest.raises(Abort, match="version 9 of the table does not exist"):
        rebuild(lake, replaced(manifest, version=9))


def test_vanished_files_are_told(lake: Lake, tmp_path: Path) -> None:
    manifest = training_set(lake, NAME, as_of=NOW).manifest
    next((tmp_path / "lake" / "feature" / "found").glob("_day=*/*.parquet")).unlink()
    with pytest.raises(Abort, match="files of version 1 are gone"):
        rebuild(lake, manifest)


def test_what_is_no_manifest(lake: Lake, tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text("{}")
    with pytest.raises(Abort, match="no manifest"):
        rebuild(lake, tmp_path / "other.json")
    with pytest.raises(UnknownName, match="pricee"):
        training_set(lake, NAME, as_of=NOW, columns=["pricee"])
