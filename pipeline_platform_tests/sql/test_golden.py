"""Analysis says of every golden query what its text says, errors to the letter."""

from pathlib import Path

import pytest

from pipeline_platform.contracts.types import DataType
from pipeline_platform.sql.analysis import analyse
from pipeline_platform_tests.sql.golden import CASES, TABLES, rendered


@pytest.mark.parametrize("case", sorted(CASES.glob("*.sql")), ids=lambda case: case.stem)
def test_analysis_equals_the_golden_text(case: Path) -> None:
    assert rendered(case) == case.with_suffix(".txt").read_text()


@pytest.mark.parametrize("name", ["fact_flight", "carrier_on_time", "airport_day"])
def test_the_models_of_the_demo_need_no_declared_types(name: str) -> None:
    found = analyse((CASES / f"{name}.sql").read_text(), TABLES, path=name)
    assert all(DataType.parse(column.type or "") for column in found.columns)


def test_names_are_compared_without_case() -> None:
    found = analyse("SELECT F.CARRIER FROM Serving.Flights f", TABLES)
    assert found.columns[0].sources == ("serving.flights.carrier",)
    assert found.tables == ("serving.flights",)


def test_no_column_of_an_upstream_table_needs_a_type() -> None:
    found = analyse("SELECT a, a + 1 AS b FROM mart.x", {"mart.x": {"a": ""}})
    assert [column.type for column in found.columns] == [None, None]
