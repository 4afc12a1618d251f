"""Formats are checked as d3 reads them."""

import pytest

from pipeline_platform.charts.formats import check_format, written
from pipeline_platform.contracts.charts import Encoding, Measure
from pipeline_platform.errors import DeclarationError


@pytest.mark.parametrize(
    "text", [",.0f", ".1%", ".2s", "$,.2f", "d", "+.1f", "08.3f", ",.3~r", ","]
)
def test_number_formats(text: str) -> None:
    check_format(text, "quantitative")


@pytest.mark.parametrize("text", ["%d %b %Y", "%H:%M", "week %-V", "%Y%%"])
def test_time_formats(text: str) -> None:
    check_format(text, "temporal")


@pytest.mark.parametrize(
    ("text", "measure"),
    [
        ("0.00", "quantitative"),
        (",.0k", "quantitative"),
        ("%d", "quantitative"),
        ("{:,}", "quantitative"),
        ("yyyy-MM-dd", "temporal"),
        ("%k", "temporal"),
        ("%", "temporal"),
        (",.0f", "temporal"),
        (",", "nominal"),
    ],
)
def test_wrong_formats_are_refused(text: str, measure: Measure) -> None:
    with pytest.raises(DeclarationError, match="does not fit") as caught:
        check_format(text, measure, where="defs.yaml:9:1")
    assert caught.value.known
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("value", "text", "shown"),
    [
        (0.8234, ".0%", "82%"),
        (1234.5, ",.1f", "1,234.5"),
        (1234567, ",", "1,234,567"),
        (1234567, "", "1234567"),
        (1 / 3, "", "0.333333"),
        (2.0, ".2s", "2"),
        (None, ",", ""),
        (True, "", "True"),
        ("a < b", "", "a < b"),
    ],
)
def test_a_table_shows_values_in_their_format(value: object, text: str, shown: str) -> None:
    assert written(value, Encoding("Value", "quantitative", column="v", format=text)) == shown
