"""Which days the night settles, and what the arrival sensor asks for."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pipeline_platform.components.arrivals import Arrival
from pipeline_platform.components.settlement import daily_groups, days_to_settle
from pipeline_platform.definitions import build_defs
from pipeline_platform_tests.components.shop import REPOSITORY

FIRST = date(2024, 1, 1)
NIGHT = datetime(2024, 1, 10, 0, 15, tzinfo=UTC)


def settled(end: date | None, done: set[date], now: datetime = NIGHT) -> set[date]:
    return {day for w in days_to_settle(FIRST, end, now, done) for day in w.days}


@given(st.sets(st.dates(FIRST, FIRST + timedelta(days=30))))
def test_yesterday_and_what_is_missing_before_it(done: set[date]) -> None:
    yesterday = date(2024, 1, 9)
    before = {FIRST + timedelta(days=n) for n in range(8)}
    assert settled(None, done) == (before - done) | {yesterday}


def test_a_stream_that_is_over_or_not_begun_is_left_alone() -> None:
    assert settled(date(2024, 1, 9), set()) == set()
    assert settled(date(2024, 1, 10), set()) != set()
    assert settled(None, set(), datetime(2024, 1, 1, 0, 15, tzinfo=UTC)) == set()


def test_a_group_is_a_stream_with_the_models_that_have_its_days() -> None:
    specs = list(build_defs(REPOSITORY).resolve_all_asset_specs())
    groups = daily_groups(specs)
    names = {".".join(key.path) for group in groups for key in group.keys}
    assert {"serving.flights", "serving.weather", "warehouse.fact_flight"} <= names
    assert "mart.carrier_on_time" not in names


def test_an_arrival_is_asked_for_once_per_state() -> None:
    nothing = Arrival(objects=0, bytes=0, newest="", unfinished=0, committed=3, reported=3)
    assert not nothing.wanted
    landed = Arrival(objects=2, bytes=9, newest="b@1", unfinished=0, committed=3, reported=3)
    assert landed.wanted and landed.run_key == landed.run_key
    others = [
        Arrival(2, 9, "c@1", 0, 3, 3),
        Arrival(3, 9, "b@1", 0, 3, 3),
        Arrival(2, 9, "b@1", 1, 3, 3),
        Arrival(2, 9, "b@1", 0, 4, 3),
        Arrival(2, 9, "b@1", 0, 4, 4),
    ]
    assert len({landed.run_key, *(other.run_key for other in others)}) == 6


def test_an_epoch_committed_but_never_told_is_wanted() -> None:
    assert Arrival(0, 0, "", 0, committed=4, reported=3).wanted
    assert Arrival(0, 0, "", 1, committed=3, reported=3).wanted
