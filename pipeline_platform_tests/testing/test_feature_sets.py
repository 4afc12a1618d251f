"""Feature sets over given rows, with their proofs."""

from typing import Any

import pytest

from pipeline_platform.errors import UnknownName
from pipeline_platform.testing import expect, run_feature_set
from pipeline_platform_tests.testing.places import AVIATION, no_rows

FLIGHT = {
    "flight_day": "2013-05-02", "carrier": "UA", "origin": "EWR", "dest": "IAH",
    "distance": 1400, "cancelled": False,
}  # fmt: skip


def flight(number: int, at: str, delay: int | None) -> dict[str, Any]:
    return FLIGHT | {"flight": number, "scheduled_at": at, "dep_delay": delay}


def test_a_departure_counts_once_it_has_happened() -> None:
    tables = no_rows(AVIATION, "feature.flight_delay") | {
        "warehouse.fact_flight": [
            flight(1, "2013-05-02T10:00:00Z", 30),
            flight(2, "2013-05-02T10:15:00Z", None),
            flight(3, "2013-05-02T10:30:00Z", 0),
            flight(4, "2013-05-02T10:31:00Z", 5),
        ],
        "serving.weather": [
            {"origin": "EWR", "time_hour": "2013-05-02T09:00:00Z", "temp": 50.0},
            {"origin": "EWR", "time_hour": "2013-05-02T10:00:00Z", "temp": 60.0},
        ],
    }
    run = run_feature_set(AVIATION / "flight_delay", tables, start="2013-05-02")
    expect(
        run,
        [
            {"flight": 1, "departures_24h": 0, "dep_delay_sum_24h": 0, "temp": 50},
            {"flight": 2, "departures_24h": 0, "dep_delay_sum_24h": 0, "temp": 50},
            {"flight": 3, "departures_24h": 0, "dep_delay_sum_24h": 0, "temp": 50},
            {"flight": 4, "departures_24h": 2, "dep_delay_sum_24h": 30, "temp": 50},
        ],
    )
    assert run.checks["spine_kept"].passed and run.checks["no_leaks"].passed
    assert run.checks.failed == []


def test_a_misspelt_table_is_refused() -> None:
    tables = no_rows(AVIATION, "feature.flight_delay") | {"serving.wether": []}
    with pytest.raises(UnknownName, match=r"did you mean 'serving\.weather'"):
        run_feature_set(AVIATION / "flight_delay", tables, start="2013-05-02")
