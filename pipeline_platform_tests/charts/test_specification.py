"""Specifications that Vega-Lite draws, with titles, units, formats and orders."""

import re
import struct
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import polars as pl
import pytest
import vl_convert

from pipeline_platform.charts.channels import unit_of
from pipeline_platform.charts.pictures import picture
from pipeline_platform.charts.specification import specification
from pipeline_platform.contracts.charts import Chart, Encoding, Mark
from pipeline_platform_tests.charts.data import AMOUNT, BARS, HOSTILE, ROWS, SHOP

DAYS = pl.DataFrame(
    {
        "day": [date(2024, 1, 1) + timedelta(days=n // 2) for n in range(60)],
        "shop": ["north", "south"] * 30,
        "amount": [float(n % 7) for n in range(60)],
        "hour": [n % 24 for n in range(60)],
    }
)
DAY = Encoding("Day", "temporal", column="day")
HOUR = Encoding("Hour", "ordinal", column="hour")


def size(png: bytes) -> tuple[int, int]:
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def test_titles_units_and_formats() -> None:
    made = specification(BARS, ROWS)
    x = made["encoding"]["x"]
    assert x["title"] == "Amount (euro)"
    assert x["axis"]["format"] == ",.0f"
    assert [(t["title"], t.get("format")) for t in made["encoding"]["tooltip"]] == [
        ("Amount (euro)", ",.0f"),
        ("Shop", None),
    ]
    assert made["width"] == "container"
    assert "Bar chart: Sales by shop." in made["description"]
    assert "3 rows" in made["description"]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("", ["south", "east", "north"]),
        ("x", ["north", "east", "south"]),
        ("descending", ["south", "north", "east"]),
        ("ascending", ["east", "north", "south"]),
        (("east", "south"), ["east", "south", "north"]),
        ("-color", ["south", "north", "east"]),
    ],
)
@pytest.mark.parametrize("labels", [True, False])
def test_bars_come_in_order(sort: str | tuple[str, ...], expected: list[str], labels: bool) -> None:
    shop = msgspec.structs.replace(SHOP, sort=sort)
    chart = msgspec.structs.replace(BARS, y=shop, color=SHOP, labels=labels)
    assert names(chart, ROWS) == expected


def names(chart: Chart, rows: pl.DataFrame) -> list[str]:
    """Labels of the vertical axis, from the top."""
    made = {**specification(chart, rows), "width": 300}
    found = re.findall(r'translate\(-\d+,([\d.]+)\)"[^>]*>(\w+)<', vl_convert.vegalite_to_svg(made))
    return [name for _, name in sorted((float(y), name) for y, name in found)]


@pytest.mark.parametrize("mark", ["bar", "line", "area", "point"])
@pytest.mark.parametrize("row", [None, SHOP])
def test_every_mark_draws_days(mark: Mark, row: Encoding | None) -> None:
    chart = Chart(title="t", mark=mark, x=DAY, y=AMOUNT, row=row, color=SHOP, labels=mark == "bar")
    made = specification(chart, DAYS)
    width, height = size(picture(made))
    assert 600 < width < 1000
    assert 150 < height < 700
    inner = made.get("spec", made)
    encoding = inner["layer"][0]["encoding"] if "layer" in inner else inner["encoding"]
    assert encoding["x"]["scale"]["type"] == "utc"


def test_heat_maps_and_points_with_size() -> None:
    heat = Chart(title="t", mark="heatmap", x=HOUR, y=SHOP, color=AMOUNT)
    assert len(picture(specification(heat, DAYS))) < 100_000
    points = Chart(title="t", mark="point", x=AMOUNT, y=AMOUNT, size=AMOUNT)
    assert picture(specification(points, DAYS)) != picture(specification(points, DAYS.head(1)))


def test_a_clamped_legend_says_what_lies_beyond() -> None:
    color = msgspec.structs.replace(AMOUNT, domain=(1.0, 5.0))
    heat = Chart(title="t", mark="heatmap", x=HOUR, y=SHOP, color=color)
    said = specification(heat, DAYS)["encoding"]["color"]["legend"]["labelExpr"]
    assert "≥" in said
    assert "≤" in said
    inside = DAYS.filter(pl.col("amount").is_between(1, 5))
    assert specification(heat, inside)["encoding"]["color"]["legend"]["labelExpr"] == "datum.label"


def test_pictures_are_deterministic_small_and_dark_on_demand() -> None:
    made = specification(BARS, ROWS)
    assert picture(made) == picture(specification(BARS, ROWS.reverse()))
    assert len(picture(made)) < 100_000
    assert picture(made, dark=True) != picture(made)


def test_no_rows_draw_an_empty_picture() -> None:
    made = specification(BARS, ROWS.clear())
    assert made["data"]["values"] == []
    size(picture(made))


@pytest.mark.parametrize(
    ("instants", "unit"),
    [
        ([date(2024, 1, 1), date(2025, 1, 1)], "utcyear"),
        ([date(2024, 1, 1), date(2024, 3, 1)], "utcyearmonth"),
        ([date(2024, 1, 1), None, date(2024, 1, 2)], "utcyearmonthdate"),
        ([datetime(2024, 1, 1, 5, tzinfo=UTC)], "utcyearmonthdatehours"),
        ([datetime(2024, 1, 1, 5, 7, tzinfo=UTC)], "utcyearmonthdatehoursminutes"),
        (
            [datetime(2024, 1, 1, 5, 7, 1, tzinfo=UTC)],
            "utcyearmonthdatehoursminutesseconds",
        ),
    ],
)
def test_bars_are_as_wide_as_their_unit_of_time(instants: list[Any], unit: str) -> None:
    assert unit_of(pl.Series(instants)) == unit


@pytest.mark.parametrize("text", [*HOSTILE, "\x1b \ufffe \x7f"])
def test_any_text_may_be_a_title(text: str) -> None:
    shop = Encoding(text, "nominal", column="shop", unit=text)
    chart = Chart(title=text, subtitle=text, mark="bar", x=AMOUNT, y=SHOP, row=shop)
    plain = Chart(title="t", subtitle="t", mark="bar", x=AMOUNT, y=SHOP, row=SHOP)
    assert len(picture(specification(chart, ROWS))) > 1000
    assert specification(chart, ROWS)["data"] == specification(plain, ROWS)["data"]
