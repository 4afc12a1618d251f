"""Reading a view: in SQL beside tables, pinned, and never going back."""

from datetime import timedelta

import pytest

from pipeline_platform.batch.change import bring_up
from pipeline_platform.batch.settle import settle
from pipeline_platform.engine.engine import Engine
from pipeline_platform.errors import DeclarationError, UnknownName
from pipeline_platform.lake.lake import Lake
from pipeline_platform.models.listing import load
from pipeline_platform.models.query import frame, query
from pipeline_platform.speed.fold import fold
from pipeline_platform.views.handle import ViewHandle
from pipeline_platform.views.pins import Pin, Pins
from pipeline_platform.views.reading import reading
from pipeline_platform_tests.views.store import NOW, answered, arrive, by_shop, clock, day, expected

FIRST = [(1, "a", 100), (1, "b", 250), (2, "a", 50), (2, None, 1)]
LATE = [(1, "b", 300), (3, "c", 7)]


@pytest.fixture
def filled(lake: Lake, engine: Engine) -> Lake:
    """The view over two epochs, the second not settled."""
    arrive(lake, 0, FIRST)
    bring_up(by_shop(), engine=engine, lake=lake, clock=clock)
    arrive(lake, 1, LATE)
    fold(by_shop(), engine=engine, lake=lake)
    return lake


def test_a_statement_reads_answer_and_standing_as_tables(filled: Lake, engine: Engine) -> None:
    text = """SELECT v.shop, v.events, s.late FROM serving.by_shop AS v
        CROSS JOIN (SELECT sum(late_rows) AS late FROM serving.by_shop__standing) AS s
        WHERE v.shop IN ('a', 'b') ORDER BY v.shop"""
    rows = query(text, engine=engine, lake=filled).to_pylist()
    assert rows == [
        {"shop": "a", "events": 2, "late": 2},
        {"shop": "b", "events": 2, "late": 2},
    ]
    standing = query("SELECT * FROM serving.by_shop__standing", engine=engine, lake=filled)
    assert sorted(standing.to_pylist(), key=str) == [
        {"as_of": 1, "day": day(1), "batch_cut": 0, "late_rows": 1},
        {"as_of": 1, "day": day(2), "batch_cut": 0, "late_rows": 0},
        {"as_of": 1, "day": day(3), "batch_cut": None, "late_rows": 1},
    ]


def test_views_are_listed_and_their_inner_tables_are_not(filled: Lake, engine: Engine) -> None:
    settle(by_shop(), None, engine=engine, lake=filled, clock=clock)
    listed = query("SHOW TABLES", engine=engine, lake=filled).column("name").to_pylist()
    assert listed == [
        "serving.by_shop",
        "serving.by_shop__batch",
        "serving.by_shop__standing",
        "serving.sales",
    ]
    described = query("DESCRIBE serving.by_shop", engine=engine, lake=filled).to_pylist()
    assert [(row["column"], row["type"]) for row in described] == [
        ("shop", "string"),
        ("total", "decimal(20,2)"),
        ("events", "bigint"),
    ]
    with pytest.raises(UnknownName) as caught:
        query("SELECT * FROM serving.by_shops", engine=engine, lake=filled)
    assert caught.value.guess == "serving.by_shop"
    with pytest.raises(UnknownName, match="total"):
        query("SELECT totel FROM serving.by_shop", engine=engine, lake=filled)


def test_rows_of_a_view_load_as_frames(filled: Lake, engine: Engine) -> None:
    polars = load(filled, engine, "serving.by_shop", "polars")
    assert polars.sort("shop")["events"].to_list() == [1, 2, 2, 1]
    assert load(filled, engine, "serving.by_shop__standing", "arrow").num_rows == 3
    assert frame("serving.by_shop", engine=engine, lake=filled).count() == 4


def test_the_settled_answer_holds_batch_rows_alone(filled: Lake, engine: Engine) -> None:
    settle(by_shop(), None, engine=engine, lake=filled, clock=clock)
    arrive(filled, 2, [(1, "z", 1)])
    fold(by_shop(), engine=engine, lake=filled)
    rows = load(filled, engine, "serving.by_shop__batch", "polars").to_dicts()
    assert {row["_cut"] for row in rows} == {1}
    assert {row["shop"]: (row["total"], row["events"]) for row in rows} == expected([*FIRST, *LATE])


def test_a_pinned_answer_stays(filled: Lake, engine: Engine) -> None:
    pin = reading(filled, "by_shop").standing.pin
    assert Pin.parse("by_shop", str(pin)) == pin
    arrive(filled, 2, [(1, "z", 1)])
    fold(by_shop(), engine=engine, lake=filled)
    settle(by_shop(), None, engine=engine, lake=filled, clock=clock)
    changed = by_shop(where="WHERE amount > 1")
    bring_up(changed, engine=engine, lake=filled, clock=clock)
    assert answered(filled, engine, pin=pin) == expected([*FIRST, *LATE])
    assert reading(filled, "by_shop", pin).standing.as_of == 1
    assert reading(filled, "by_shop").standing.as_of == 2
    for wrong in ("3", "a.b", "3.", ""):
        with pytest.raises(DeclarationError):
            Pin.parse("by_shop", wrong)


def test_a_held_reading_does_not_see_what_comes_later(filled: Lake, engine: Engine) -> None:
    held = reading(filled, "by_shop")
    arrive(filled, 2, [(1, "z", 1)])
    fold(by_shop(), engine=engine, lake=filled)
    settle(by_shop(), None, engine=engine, lake=filled, clock=clock)
    assert held.answer(engine, "shop = 'z'").num_rows == 0
    assert held.standing.as_of == 1
    rows = held.answer(engine, "shop >= 'a'", order_by="shop DESC", limit=2).to_pylist()
    assert [row["shop"] for row in rows] == ["c", "b"]


def test_no_view_of_that_name(lake: Lake) -> None:
    with pytest.raises(UnknownName, match="by_shop"):
        reading(lake, "by_shop")


def test_a_person_asks_by_name(filled: Lake, engine: Engine) -> None:
    view = ViewHandle("by_shop", engine, filled, clock)
    pin = view.pin(days=1)
    arrive(filled, 2, [(1, "z", 1)])
    fold(by_shop(), engine=engine, lake=filled)
    assert view.answer("polars", "shop = 'z'").height == 1
    assert view.answer("polars", "shop = 'z'", pin=str(pin)).height == 0
    assert view.answer("arrow").num_rows == len(view.answer()) == 5
    assert (view.standing(pin).as_of, view.standing().as_of) == (1, 2)
    pins = Pins(reading(filled, "by_shop").held.snapshot.uri)
    assert pins.versions(NOW) == {pin.version}
    assert pins.versions(NOW + timedelta(days=2)) == set() == pins.versions(NOW)
    with pytest.raises(UnknownName, match="table"):
        view.answer("table")  # type: ignore[call-overload]


def test_a_version_is_answered_once(filled: Lake, engine: Engine) -> None:
    view = ViewHandle("by_shop", engine, filled, clock)
    first = view.answer("arrow")
    assert view.answer("arrow") is first
    assert view.answer("arrow", "shop = 'a'").num_rows == 1
    arrive(filled, 2, [(1, "z", 1)])
    fold(by_shop(), engine=engine, lake=filled)
    assert view.answer("arrow").num_rows == first.num_rows + 1


@pytest.mark.parametrize("hinted", [False, True])
def test_a_pin_is_read_across_checkpoints(lake: Lake, engine: Engine, hinted: bool) -> None:
    """A hint at a later checkpoint, which some writers leave, does not hide the version."""
    events, pins = list(FIRST), []
    arrive(lake, 0, FIRST)
    bring_up(by_shop(), engine=engine, lake=lake, clock=clock)
    for epoch in range(1, 25):
        pins.append((reading(lake, "by_shop").standing.pin, expected(events)))
        arrive(lake, epoch, [(1, "a", epoch)])
        fold(by_shop(), engine=engine, lake=lake)
        events.append((1, "a", epoch))
    if hinted:
        reading(lake, "by_shop").held.snapshot.table.create_checkpoint()
    for pin, answer in pins[::4]:
        assert answered(lake, engine, pin=pin) == answer


def test_a_pin_of_what_never_was_is_told(filled: Lake) -> None:
    for wrong in ("7.1", "1.999"):
        with pytest.raises(UnknownName, match=wrong.split(".")[1]):
            reading(filled, "by_shop", Pin.parse("by_shop", wrong))
