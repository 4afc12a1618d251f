"""Dimensions that decide what is counted: a day keeps the version of its first row."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from random import Random

import polars as pl
import pytest

from pipeline_platform.batch.change import bring_up
from pipeline_platform.batch.settle import settle
from pipeline_platform.contracts.windows import DayWindow
from pipeline_platform.engine.engine import Engine
from pipeline_platform.errors import SourceUnavailable
from pipeline_platform.lake.catalog import is_internal, names
from pipeline_platform.lake.lake import Lake
from pipeline_platform.lake.removal import remove
from pipeline_platform.lake.upkeep import Policy, keep
from pipeline_platform.speed.fold import Folded, clean, fold
from pipeline_platform.speed.together import Together
from pipeline_platform.views.pinned import COPY, VERSION, PinnedDays
from pipeline_platform.views.proof import Proof
from pipeline_platform.views.reading import reading
from pipeline_platform_tests.views.shops import (
    BY_CITY,
    SHOPS,
    Cities,
    answered,
    by_city,
    expected,
    kept,
    located,
    pins,
    versions,
)
from pipeline_platform_tests.views.stage import Crash, ended_at
from pipeline_platform_tests.views.store import (
    STREAM,
    Event,
    arrive,
    by_shop,
    clock,
    day,
    restate,
)

FIRST: list[Event] = [(1, "a", 100), (1, "b", 250), (1, None, 7)]
MORE: list[Event] = [(1, "a", 30), (2, "a", 50), (2, "c", 5)]
LATE: list[Event] = [(1, "b", 1), (2, "b", 2), (3, "c", 4)]
OLD, NEW = {"a": "Oslo", "b": "Rom"}, {"a": "Bergen", "b": "Rom", "c": None}
NEWEST = {"a": "Wien", "b": "Wien", "c": "Wien"}
AS_PINNED = {1: OLD, 2: NEW, 3: NEWEST}


def proven(lake: Lake, engine: Engine) -> bool:
    """Whether a recompute from the accepted rows gives the answer."""
    proof = Proof(reading(lake, "by_city"), lake.table(STREAM).snapshot(), engine, lake)
    return proof.whole() == [] and not any(proof.of_day(one) for one in proof.days)


@pytest.mark.parametrize("paths", ["both", "batch", "speed"])
def test_a_day_keeps_the_version_of_its_first_row_on_every_path(
    lake: Lake, engine: Engine, paths: str
) -> None:
    view, seen = by_city(paths=paths), list(FIRST)  # type: ignore[arg-type]

    def advance() -> None:
        if paths == "batch":
            settle(view, None, engine=engine, lake=lake, clock=clock)
        else:
            fold(view, engine=engine, lake=lake)
        assert answered(lake, engine) == expected(seen, AS_PINNED)
        assert proven(lake, engine)

    first = located(lake, OLD)
    arrive(lake, 0, FIRST)
    bring_up(view, engine=engine, lake=lake, clock=clock)
    advance()
    second = located(lake, NEW)
    for epoch, events in ((1, MORE), (2, LATE)):
        arrive(lake, epoch, events)
        seen += events
        advance()
        third = located(lake, NEWEST)
    assert versions(view, lake) == {day(1): first, day(2): second, day(3): third - 1}
    if paths != "speed":
        settle(view, DayWindow(day(1), day(4)), engine=engine, lake=lake, clock=clock)
        assert answered(lake, engine) == expected(seen, AS_PINNED)


def test_rows_are_copied_once_for_each_version_and_not_again_when_they_are_the_same(
    lake: Lake, engine: Engine
) -> None:
    view = by_city()
    located(lake, OLD)
    arrive(lake, 0, FIRST)
    bring_up(view, engine=engine, lake=lake, clock=clock)
    for epoch, cities in enumerate((OLD, dict(reversed(OLD.items())), NEW, NEW), 1):
        located(lake, cities)
        arrive(lake, epoch, [(epoch + 1, "a", 1), (epoch + 10, "a", 1)])
        fold(view, engine=engine, lake=lake)
    copies = pins(view, lake).filter(pl.col("_pinned_day").is_null())
    assert sorted(copies[COPY].to_list()) == [1, 1, 4, 4, 4]
    assert len(versions(view, lake)) == 9
    assert answered(lake, engine)["Bergen"][1] == 4


def test_of_two_that_pin_a_day_the_first_wins(
    lake: Lake, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = by_city()
    first = located(lake, OLD)
    read = PinnedDays._rows

    def overtaken(self: PinnedDays, version: object) -> pl.DataFrame:
        monkeypatch.setattr(PinnedDays, "_rows", read)
        kept(view, lake).pin([day(1)])
        located(lake, NEW)
        return read(self, version)  # type: ignore[arg-type]

    monkeypatch.setattr(PinnedDays, "_rows", overtaken)
    kept(view, lake).pin([day(1), day(2)])
    assert versions(view, lake) == {day(1): first, day(2): first + 1}
    before = kept(view, lake).table.snapshot().version
    kept(view, lake).pin([day(2), day(1)])
    assert kept(view, lake).table.snapshot().version == before


def test_many_that_pin_at_once_agree(lake: Lake) -> None:
    view, days = by_city(), [day(number) for number in range(1, 13)]
    said: dict[int, Cities] = {located(lake, OLD): OLD}

    def pins_all(seed: int) -> None:
        here, order = kept(view, Lake(lake.root)), list(days)
        Random(seed).shuffle(order)
        for place in range(0, len(order), 2):
            here.pin(order[place : place + 2])

    with ThreadPoolExecutor(4) as pool:
        done = [pool.submit(pins_all, seed) for seed in range(4)]
        while not all(one.done() for one in done):
            for cities in (NEW, NEWEST, OLD):
                said[located(lake, cities)] = cities
    assert not any(one.exception() for one in done)
    rows, pinned = pins(view, lake), versions(view, lake)
    assert sorted(pinned) == days
    for copy, version in set(rows.drop_nulls("_pinned_day").select(COPY, VERSION).iter_rows()):
        copied = rows.filter(pl.col("_pinned_day").is_null() & (pl.col(COPY) == copy))
        assert dict(copied.select("shop", "city").iter_rows()) == said[version]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("commit", [0, 1])
def test_a_pin_that_was_made_before_a_crash_is_used(
    lake: Lake, engine: Engine, commit: int, when: str
) -> None:
    view, pinned = by_city(), (commit, when) != (0, "before")
    located(lake, OLD)
    arrive(lake, 0, FIRST)
    bring_up(view, engine=engine, lake=lake, clock=clock)
    arrive(lake, 1, [(2, "a", 1)])
    with pytest.raises(Crash), ended_at(commit, when):
        fold(view, engine=engine, lake=lake)
    located(lake, NEW)
    fold(view, engine=engine, lake=lake)
    cities = {1: OLD, 2: OLD if pinned else NEW}
    assert answered(lake, engine) == expected([*FIRST, (2, "a", 1)], cities)
    assert proven(lake, engine)


def test_a_dimension_that_is_gone_stops_only_new_days(lake: Lake, engine: Engine) -> None:
    view = by_city()
    arrive(lake, 0, FIRST)
    with pytest.raises(SourceUnavailable, match=r"serving\.shops is not there yet"):
        bring_up(view, engine=engine, lake=lake, clock=clock)
    located(lake, OLD)
    bring_up(view, engine=engine, lake=lake, clock=clock)
    remove(lake.table(SHOPS))
    other = Lake(lake.root)
    arrive(other, 1, [(1, "b", 1)])
    fold(view, engine=engine, lake=other)
    settle(view, None, engine=engine, lake=other, clock=clock)
    assert answered(other, engine) == expected([*FIRST, (1, "b", 1)], AS_PINNED)
    arrive(other, 2, [(2, "a", 1)])
    with pytest.raises(SourceUnavailable, match="when their first rows are counted"):
        fold(view, engine=engine, lake=other)
    located(other, NEW)
    fold(view, engine=engine, lake=other)
    assert answered(other, engine) == expected([*FIRST, (1, "b", 1), (2, "a", 1)], AS_PINNED)


def test_of_views_that_are_folded_together_only_those_that_join_it_stop(
    lake: Lake, engine: Engine
) -> None:
    arrive(lake, 0, FIRST)
    located(lake, OLD)
    for view in (by_city(), by_shop()):
        bring_up(view, engine=engine, lake=lake, clock=clock)
    remove(lake.table(SHOPS))
    other = Lake(lake.root)
    arrive(other, 1, [(2, "a", 1)])
    together = Together(STREAM, lender=engine, lake=other)
    done = together.fold(["by_city", "by_shop"])
    assert isinstance(done["by_city"], SourceUnavailable)
    assert isinstance(done["by_shop"], Folded) and done["by_shop"].rows == 1
    located(other, NEW)
    assert together.fold(["by_city", "by_shop"]).keys() == {"by_city", "by_shop"}
    assert answered(other, engine) == expected([*FIRST, (2, "a", 1)], AS_PINNED)


def test_the_first_row_of_a_day_long_past_has_the_newest_version(
    lake: Lake, engine: Engine
) -> None:
    view = by_city()
    located(lake, OLD)
    arrive(lake, 0, [(20, "a", 1)])
    bring_up(view, engine=engine, lake=lake, clock=clock)
    newest = located(lake, NEW)
    arrive(lake, 1, [(3, "a", 1), (20, "a", 1)])
    fold(view, engine=engine, lake=lake)
    assert versions(view, lake)[day(3)] == newest
    assert {city: count for city, (_, count) in answered(lake, engine).items()} == {
        "Bergen": 1,
        "Oslo": 2,
    }


def test_pins_outlive_a_rebuilt_stream_and_a_changed_statement(lake: Lake, engine: Engine) -> None:
    view = by_city()
    located(lake, OLD)
    arrive(lake, 0, FIRST)
    bring_up(view, engine=engine, lake=lake, clock=clock)
    located(lake, NEW)
    restate(lake, 1, [(0, event) for event in FIRST])
    assert bring_up(view, engine=engine, lake=lake, clock=clock).built
    assert answered(lake, engine) == expected(FIRST, AS_PINNED)
    changed = by_city(BY_CITY.replace(" GROUP", " WHERE d.city <> 'Rom' OR true GROUP"))
    assert bring_up(changed, engine=engine, lake=lake, clock=clock).built
    assert kept(changed, lake).table.name == kept(view, lake).table.name
    assert answered(lake, engine) == expected(FIRST, AS_PINNED)
    text = BY_CITY.replace("SELECT d.city", "SELECT upper(d.shop) AS city")
    other = by_city(text.replace("BY d.city", "BY upper(d.shop)"))
    assert bring_up(other, engine=engine, lake=lake, clock=clock).built
    assert kept(other, lake).table.name != kept(view, lake).table.name
    assert answered(lake, engine).keys() == {"A", "B", None}


def test_upkeep_keeps_every_pin_and_people_do_not_see_the_table(lake: Lake, engine: Engine) -> None:
    view = by_city()
    for number, cities in enumerate((OLD, NEW, NEWEST)):
        located(lake, cities)
        arrive(lake, number, [(number + 1, "a", 1), (number + 1, "c", 1)])
        if number == 0:
            bring_up(view, engine=engine, lake=lake, clock=clock)
        fold(view, engine=engine, lake=lake)
    table, before = kept(view, lake).table, pins(view, lake)
    assert table.snapshot().files.height == 3
    for later in (timedelta(0), timedelta(days=3)):
        keep(table, datetime.now(UTC) + later, policy=Policy(files=2))
    assert table.snapshot().files.height == 1
    assert pins(view, lake).sort(pl.all()).equals(before.sort(pl.all()))
    located(lake, OLD)
    arrive(lake, 3, [(1, "a", 1), (2, "c", 1), (3, "c", 1)])
    fold(view, engine=engine, lake=lake)
    events = [(n, shop, 1) for n in (1, 2, 3) for shop in "ac"]
    events += [(1, "a", 1), (2, "c", 1), (3, "c", 1)]
    assert answered(lake, engine) == expected(events, AS_PINNED)
    assert proven(lake, engine)
    clean(view, lake=lake, clock=clock)
    assert is_internal(table.name) and table.name in lake.names()
    assert table.name not in names(lake)
