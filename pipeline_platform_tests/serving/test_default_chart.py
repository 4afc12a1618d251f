"""Which chart a view gets that declares none."""

from datetime import date

import polars as pl

from pipeline_platform.contracts.models import TableColumn
from pipeline_platform.serving.answers import About
from pipeline_platform.serving.default_chart import default_chart
from pipeline_platform_tests.serving.memory import HOURS, departures


def _about(kinds: dict[str, str], keys: tuple[str, ...]) -> About:
    return About("some_view", tuple(TableColumn(n, k) for n, k in kinds.items()), keys)


def test_three_times_make_a_line_and_few_names_its_colours() -> None:
    chart = default_chart(HOURS, departures([("EWR", h, h) for h in range(3)]))
    assert chart and (chart.mark, chart.x.column, chart.y.column) == ("line", "hour", "departures")
    assert chart.color and chart.color.column == "origin"
    assert chart.y.aggregate is None


def test_one_time_makes_bars_by_name() -> None:
    chart = default_chart(HOURS, departures([(f"o{n}", 1, n) for n in range(20)]))
    assert chart and (chart.mark, chart.y.column, chart.color) == ("bar", "origin", None)
    assert chart.x.aggregate == "sum"  # over the hours


def test_many_names_are_folded_into_the_line() -> None:
    rows = departures([(f"o{n}", n % 9, n) for n in range(90)])
    chart = default_chart(HOURS, rows)
    assert chart and (chart.mark, chart.color, chart.y.aggregate) == ("line", None, "sum")


def test_counts_come_before_other_numbers_and_means_are_not_summed() -> None:
    kinds = {"shop": "string", "price": "double", "sales": "bigint"}
    rows = pl.DataFrame({"shop": ["a"], "price": [1.0], "sales": [2]})
    chart = default_chart(_about(kinds, ("shop",)), rows)
    assert chart and chart.x.column == "sales"
    rows = rows.drop("sales").with_columns(day=date(2013, 1, 1))
    chart = default_chart(
        _about({"shop": "string", "day": "date", "price": "double"}, ("shop", "day")), rows
    )
    assert chart and (chart.x.column, chart.x.aggregate) == ("price", "mean")


def test_without_a_number_or_a_key_nothing_is_drawn() -> None:
    rows = pl.DataFrame({"shop": ["a"], "n": [1]})
    assert default_chart(_about({"shop": "string", "n": "bigint"}, ()), rows) is None
    assert default_chart(_about({"shop": "string"}, ("shop",)), rows) is None
    many = pl.DataFrame({"shop": [f"s{n}" for n in range(50)], "n": 1})
    assert default_chart(_about({"shop": "string", "n": "bigint"}, ("shop",)), many) is None
