"""The rows that a chart draws: values that JSON holds, sums of ratios, one order."""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_platform.charts.data import MOST_ROWS, drawn, values
from pipeline_platform.charts.specification import specification
from pipeline_platform.contracts.charts import Chart, Encoding
from pipeline_platform.errors import Abort
from pipeline_platform_tests.charts.data import BARS, ROWS


def test_values_are_what_json_holds() -> None:
    vienna = timezone(timedelta(hours=1))
    frame = pl.DataFrame(
        {
            "float": [1.5, float("nan"), float("inf"), None],
            "decimal": [Decimal("1.20"), None, Decimal("-3"), Decimal("0")],
            "date": [date(2024, 2, 29), None, date(1, 1, 1), date(9999, 12, 31)],
            "instant": [datetime(2024, 7, 1, 0, 30, tzinfo=vienna).astimezone(UTC)] * 4,
            "whole": [2**53, 2**53 + 1, -(2**63), None],
            "flag": [True, False, None, True],
        }
    ).with_columns(pl.col("instant").dt.convert_time_zone("Europe/Vienna"))
    found = values(frame)
    assert [row["float"] for row in found] == [1.5, None, None, None]
    assert [row["decimal"] for row in found] == [1.2, None, -3.0, 0.0]
    assert [row["date"] for row in found] == ["2024-02-29", None, "0001-01-01", "9999-12-31"]
    assert found[0]["instant"] == "2024-06-30T23:30:00.000Z"
    assert [row["whole"] for row in found] == [2**53, str(2**53 + 1), str(-(2**63)), None]
    assert [row["flag"] for row in found] == [True, False, None, True]
    json.dumps(found, allow_nan=False)


ROW = st.tuples(st.sampled_from("ab"), st.none() | st.integers(0, 9), st.integers(0, 9))


@given(st.lists(ROW, max_size=12), st.randoms())
def test_a_ratio_of_sums_and_any_order_of_rows(
    rows: list[tuple[str, int | None, int]], random
) -> None:
    schema = {"shop": pl.String, "late": pl.Int64, "all": pl.Int64}
    share = Encoding("Share", "quantitative", expression="late / all", aggregate="sum")
    chart = Chart(title="t", mark="bar", x=share, y=Encoding("Shop", "nominal", column="shop"))
    found = drawn(chart, pl.DataFrame(rows, schema=schema, orient="row"))
    for shop, value in found.select("y", "x").iter_rows():
        late = [row[1] for row in rows if row[0] == shop and row[1] is not None]
        total = sum(row[2] for row in rows if row[0] == shop)
        expected = sum(late) / total if late and total else None
        assert value == expected
    shuffled = list(rows)
    random.shuffle(shuffled)
    assert drawn(chart, pl.DataFrame(shuffled, schema=schema, orient="row")).equals(found)


def test_aggregates_group_by_what_has_none() -> None:
    rows = pl.DataFrame({"shop": ["a", "a", "b"], "amount": [1.0, None, 5.0]})
    counted = Encoding("Count", "quantitative", column="amount", aggregate="count")
    mean = Encoding("Mean", "quantitative", column="amount", aggregate="mean")
    found = drawn(Chart(title="t", mark="bar", x=counted, y=BARS.y, tooltip=(mean,)), rows)
    assert found.select("y", "x", "tooltip0").rows() == [("a", 1, 1.0), ("b", 1, 5.0)]


def test_too_many_rows_are_refused_with_the_remedy() -> None:
    rows = pl.DataFrame({"shop": ["x"], "amount": [1.0]})
    many = pl.concat([rows] * (MOST_ROWS + 1))
    with pytest.raises(Abort, match="20,001 rows") as caught:
        specification(BARS, many)
    assert "aggregate" in caught.value.remedy
    assert len(specification(BARS, many.head(MOST_ROWS))["data"]["values"]) == MOST_ROWS


def test_too_many_small_multiples_are_refused() -> None:
    rows = pl.DataFrame({"shop": [str(n) for n in range(51)], "amount": [1.0] * 51})
    chart = Chart(title="t", mark="bar", x=BARS.x, y=BARS.y, row=BARS.y)
    with pytest.raises(Abort, match="51 values of 'Shop'"):
        drawn(chart, rows)
    assert len(drawn(chart, rows.head(50))) == 50


def test_too_many_names_are_refused() -> None:
    rows = pl.DataFrame({"shop": [str(n) for n in range(501)], "amount": [1.0] * 501})
    with pytest.raises(Abort, match="501 values of 'Shop'") as caught:
        drawn(BARS, rows)
    assert "largest" in caught.value.remedy
    assert len(drawn(BARS, rows.head(500))) == 500


def test_equal_rows_give_an_equal_specification() -> None:
    assert specification(BARS, ROWS) == specification(BARS, ROWS.reverse())
