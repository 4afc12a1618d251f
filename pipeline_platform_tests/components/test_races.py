"""No update is lost and nothing is built twice, however updates and runs interleave."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from pipeline_platform.components.specs import key_of
from pipeline_platform.contracts.models import Partitioning
from pipeline_platform_tests.components.ticks import World, day, table, world

FACT, MART, TOTAL = "warehouse.fact", "mart.daily", "mart.total"
ONE_DAY = sorted([(FACT, day(3)), (MART, day(3)), (TOTAL, "*")])


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[World]:
    """serving.a and serving.b feed a fact, a daily mart and a total; all is built once."""
    with world(tmp_path) as made:
        a, b = made.source(table("serving.a")), made.source(table("serving.b"))
        fact = made.model(table(FACT), a, b)
        made.model(table(MART), fact)
        made.model(table(TOTAL, None), fact)
        assert made.tick() == {}
        yield made


def test_one_update_builds_every_layer_once(chain: World) -> None:
    chain.update("serving.a", 3)
    assert sorted(chain.settle()) == ONE_DAY
    assert chain.settle() == []


def test_an_update_between_run_and_tick_builds_again(chain: World) -> None:
    chain.update("serving.a", 3)
    chain.run(chain.tick())
    chain.update("serving.a", 3)
    assert Counter(chain.settle())[(FACT, day(3))] == 1
    assert chain.settle() == []


@pytest.mark.parametrize("ticks_before", [0, 2])
@pytest.mark.parametrize("ticks_after", [1, 0])
def test_an_update_during_the_run_builds_again(
    chain: World, ticks_before: int, ticks_after: int
) -> None:
    """At the first tick after the request, at a later one, and in the tick of the run's end."""

    def meanwhile(_: object) -> None:
        for _ in range(ticks_before):
            assert chain.tick() == {}
        chain.update("serving.a", 3)
        for _ in range(ticks_after):
            assert chain.tick() == {}

    chain.update("serving.a", 3)
    asked = chain.tick()
    chain.hooks[FACT] = meanwhile
    chain.run(asked)
    built = chain.settle()
    assert Counter(built)[(FACT, day(3))] == 1
    assert built[-1] == (TOTAL, "*")
    assert chain.settle() == []


def test_ticks_during_the_run_build_nothing_more(chain: World) -> None:
    chain.update("serving.a", 3)
    chain.hooks[FACT] = lambda _: [chain.tick() for _ in range(3)] and None
    assert sorted(chain.settle()) == ONE_DAY


def test_old_scattered_days_build_exactly_themselves(chain: World) -> None:
    chain.update("serving.a", 0, 1, 7)
    built = Counter(chain.settle())
    assert {key for name, key in built if name == FACT} == {day(0), day(1), day(7)}
    assert all(count == 1 for (name, _), count in built.items() if name != TOTAL)


def test_a_run_over_the_whole_chain_is_not_repeated(chain: World) -> None:
    chain.update("serving.a", 3)
    chain.launch([FACT, MART], day(3), day(3))
    chain.launch([TOTAL])
    assert {name for name, _ in chain.settle()} <= {FACT, MART, TOTAL}
    chain.built.clear()
    chain.launch([FACT, MART, TOTAL], day(3), day(3))
    assert sorted(chain.built) == ONE_DAY
    assert chain.settle() == []


def test_a_run_over_several_days_of_the_chain_is_not_repeated(chain: World) -> None:
    chain.launch([FACT, MART, TOTAL], day(2), day(6))
    assert chain.settle() == []


def test_a_day_marked_outside_the_range_of_a_run_is_built(chain: World) -> None:
    """As when settling a night admits a late object: the run builds the fact, not that day."""
    late = dg.AssetMaterialization(key_of("serving.a"), partition=day(0))
    chain.hooks[FACT] = lambda context: context.log_event(late)
    chain.launch([FACT, MART, TOTAL], day(5), day(6))
    assert (FACT, day(0)) in chain.settle()


def test_a_day_that_reaches_past_the_range_of_a_run_is_built(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        fact = made.model(table(FACT), made.source(table("serving.a")))
        made.model(table(MART), fact, days=(1, 0))
        assert made.tick() == {}
        made.launch([FACT, MART], day(3), day(4))
        assert (MART, day(5)) in made.settle()


def test_a_sibling_without_rows_that_day_does_not_hold_the_fact_up(chain: World) -> None:
    chain.update("serving.b", 5)
    assert (FACT, day(5)) in chain.settle()


def test_a_dimension_rebuilds_the_days_only_when_they_change(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        events = made.source(table("serving.a"))
        dimension = made.source(table("warehouse.dim", None))
        made.model(table(FACT), events, dimension)
        assert made.tick() == {}
        made.update("serving.a", 2)
        assert made.settle() == [], "waits for the first state of the dimension"
        made.update("warehouse.dim")
        assert made.settle() == [(FACT, day(2))]
        made.update("warehouse.dim")
        assert made.settle() == [], "one update of a dimension must not ask for every day"


def test_a_day_is_rebuilt_for_every_day_of_the_input_that_it_reads(tmp_path: Path) -> None:
    with world(tmp_path) as made:
        events = made.source(table("serving.a"))
        made.model(table(MART), events, days=(0, 1))
        assert made.tick() == {}
        made.update("serving.a", 4)
        assert {key for _, key in made.settle()} == {day(3), day(4)}
        made.update("serving.a", 0)
        assert {key for _, key in made.settle()} == {day(0)}


def test_the_current_day_waits_for_its_refresh_and_late_days_do_not(tmp_path: Path) -> None:
    today = datetime.now(UTC).date()
    open_days = Partitioning("day", today - timedelta(days=3))
    with world(tmp_path, refresh_s=3600.0) as made:
        source = made.source(table("serving.a", open_days))
        made.model(table(FACT, open_days), source)
        assert made.tick() == {}
        now, late = today.isoformat(), (today - timedelta(days=2)).isoformat()
        for expected in ({now, late}, {late}):
            for partition in (now, late):
                event = dg.AssetMaterialization(key_of("serving.a"), partition=partition)
                made.instance.report_runless_asset_event(event)
            assert {key for _, key in made.settle()} == expected
