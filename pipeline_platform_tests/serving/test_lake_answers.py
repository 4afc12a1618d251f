"""Answers kept new from a lake: patched, rebuilt, given up, never half and never back."""

import random
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from msgspec.structs import replace

from pipeline_platform.batch.change import bring_up
from pipeline_platform.batch.settle import settle
from pipeline_platform.contracts.models import TableColumn
from pipeline_platform.contracts.names import TableName
from pipeline_platform.contracts.windows import DayWindow
from pipeline_platform.engine.engine import Engine
from pipeline_platform.errors import SourceUnavailable, UnknownName
from pipeline_platform.lake.lake import Lake
from pipeline_platform.serving import changes
from pipeline_platform.serving.answers import Answer
from pipeline_platform.serving.asked import Asked, Condition
from pipeline_platform.serving.lake_answer import LakeAnswer, Said
from pipeline_platform.serving.lake_answers import LakeAnswers
from pipeline_platform.serving.problems import Gone, Loading
from pipeline_platform.serving.refreshing import Refreshing
from pipeline_platform.speed.fold import fold
from pipeline_platform.views.live import SCHEMA
from pipeline_platform_tests.views.shops import by_city, located
from pipeline_platform_tests.views.shops import expected as by_cities
from pipeline_platform_tests.views.store import Event, arrive, by_shop, clock, day, expected

EVENTS: list[Event] = [(1, "a", 100), (1, "b", 250), (2, "a", 50), (2, None, 1)]
LATE: list[Event] = [(1, "b", 300), (3, "c", 7)]
ALL = 1 << 30


@pytest.fixture
def filled(lake: Lake, engine: Engine) -> Lake:
    """The view over one epoch."""
    arrive(lake, 0, EVENTS)
    bring_up(by_shop(), engine=engine, lake=lake, clock=clock)
    return lake


@pytest.fixture
def answers(filled: Lake, engine: Engine) -> Iterator[LakeAnswers]:
    served = _answers(filled, engine)
    yield served.start()
    served.close()


def _answers(lake: Lake, engine: Engine, **more: Any) -> LakeAnswers:
    return LakeAnswers(lender=engine, lake=lake, clock=clock, every_s=0.02, **more)


def _refreshing(lake: Lake, engine: Engine, most_bytes: int = ALL) -> Refreshing:
    return Refreshing(
        "by_shop", lender=engine, lake=lake, clock=clock, said={}, most_bytes=most_bytes
    )


def _loaded(answers: LakeAnswers, as_of: int = 0, name: str = "by_shop") -> Answer:
    """The newest answer once it covers `as_of`."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            found = answers.newest(name)
            if found.standing.as_of >= as_of:
                return found
        except (Loading, UnknownName):
            pass
        time.sleep(0.01)
    raise AssertionError(f"epoch {as_of} was not seen")


def _rows(answer: Answer, asked: Asked | None = None) -> dict[str | None, tuple[Decimal, int]]:
    found = answer.rows(asked or Asked(), 0, 1000)
    return {shop: (total, events) for shop, total, events in found.rows()}


def test_events_that_land_are_seen_without_reading_all_again(
    answers: LakeAnswers, filled: Lake, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = _loaded(answers)
    assert _rows(first) == expected(EVENTS)
    monkeypatch.setattr("pipeline_platform.serving.refreshing.whole", None)
    arrive(filled, 1, LATE)
    fold(by_shop(), engine=engine, lake=filled)
    second = _loaded(answers, 1)
    assert _rows(second) == expected(EVENTS + LATE)
    assert _rows(first) == expected(EVENTS)
    assert _rows(second, Asked({"shop": Condition(equal=("c",))})) == expected(LATE[1:])
    assert (second.standing.late_rows, second.standing.batch_cut) == (2, 0)


def test_random_histories_are_answered_as_the_events_say(filled: Lake, engine: Engine) -> None:
    chance = random.Random(7)
    events, refreshing = list(EVENTS), _refreshing(filled, engine)
    now = refreshing.newest(None)
    for epoch in range(1, 25):
        shops = ["a", "b", "c", None, f"n{epoch}"]
        new = [
            (chance.randint(1, 4), chance.choice(shops), chance.randint(-50, 50))
            for _ in range(chance.randint(0, 4))
        ]
        arrive(filled, epoch, new)
        events += new
        if chance.random() < 0.7:
            fold(by_shop(), engine=engine, lake=filled)
        if chance.random() < 0.3:
            window = DayWindow(day(chance.randint(1, 2)), day(chance.randint(3, 5)))
            settle(by_shop(), window, engine=engine, lake=filled, clock=clock)
        before, now = now, refreshing.newest(now)
        assert now.standing.as_of >= before.standing.as_of
        if chance.random() < 0.5:
            fold(by_shop(), engine=engine, lake=filled)
            now = refreshing.newest(now)
            assert _rows(now) == expected(events)
    fold(by_shop(), engine=engine, lake=filled)
    assert _rows(refreshing.newest(now)) == expected(events)


def test_a_batch_that_changes_no_answer_moves_the_standing_only(
    filled: Lake, engine: Engine
) -> None:
    arrive(filled, 1, LATE)
    fold(by_shop(), engine=engine, lake=filled)
    refreshing = _refreshing(filled, engine)
    before = refreshing.newest(None)
    settle(by_shop(), None, engine=engine, lake=filled, clock=clock)
    after = refreshing.newest(before)
    assert after.held is before.held
    assert (before.standing.late_rows, after.standing.late_rows) == (2, 0)
    assert refreshing.newest(after) is after


def test_another_definition_is_read_anew(filled: Lake, engine: Engine) -> None:
    refreshing = _refreshing(filled, engine)
    before = refreshing.newest(None)
    changed = by_shop(having="HAVING sum(_rows) > 1")
    bring_up(changed, engine=engine, lake=filled, clock=clock)
    arrive(filled, 1, LATE)
    fold(changed, engine=engine, lake=filled)
    after = refreshing.newest(before)
    assert {shop: n for shop, (_, n) in _rows(after).items()} == {"a": 2, "b": 2}
    assert after.standing.pin.startswith("2.")


def test_a_group_that_no_longer_qualifies_goes(filled: Lake, engine: Engine) -> None:
    few = by_shop(having="HAVING sum(_rows) < 3", name="few")
    bring_up(few, engine=engine, lake=filled, clock=clock)
    refreshing = Refreshing("few", lender=engine, lake=filled, clock=clock, said={}, most_bytes=ALL)
    before = refreshing.newest(None)
    arrive(filled, 1, [(1, "a", 1)])
    fold(few, engine=engine, lake=filled)
    after = refreshing.newest(before)
    assert (set(_rows(before)), set(_rows(after))) == ({None, "a", "b"}, {None, "b"})


def test_what_does_not_fit_in_memory_is_asked_of_the_engine(filled: Lake, engine: Engine) -> None:
    asked = [
        Asked(),
        Asked({"shop": Condition(equal=("a", "b"))}),
        Asked({"shop": Condition(prefix="b")}),
        Asked({"shop": Condition(null=True)}),
        Asked({"shop": Condition(null=False, low="a", high="b")}),
    ]
    held, queried = (_refreshing(filled, engine, most).newest(None) for most in (ALL, 0))
    assert (held.quick, queried.quick) == (True, False)
    for each in asked:
        assert queried.rows(each, 0, 9).rows() == held.rows(each, 0, 9).rows()
    assert queried.rows(Asked(), 1, 1).rows() == held.rows(Asked(), 1, 1).rows()


def test_a_version_is_kept_for_those_who_walk_and_read_again_from_the_lake(
    answers: LakeAnswers, filled: Lake, engine: Engine
) -> None:
    first = _loaded(answers)
    answers.keep(first)
    arrive(filled, 1, LATE)
    fold(by_shop(), engine=engine, lake=filled)
    _loaded(answers, 1)
    assert answers.tagged("by_shop", first.standing.tag) is first
    other = _answers(filled, engine)
    other._list()
    again = other.tagged("by_shop", first.standing.tag)
    assert (_rows(again), again.quick) == (expected(EVENTS), False)
    for tag in ("7.1", "1.9999", "nonsense", f"{first.standing.tag}-3"):
        with pytest.raises(Gone):
            other.tagged("by_shop", tag)


def test_a_version_that_nobody_walks_through_is_given_up(
    answers: LakeAnswers, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers.keep(_loaded(answers))
    assert answers._views["by_shop"]._kept
    monkeypatch.setattr("pipeline_platform.serving.lake_answers._KEPT_S", 0.05)
    until = time.monotonic() + 5
    while answers._views["by_shop"]._kept and time.monotonic() < until:
        time.sleep(0.01)
    assert not answers._views["by_shop"]._kept


def test_views_that_are_asked_for_stay_and_others_give_way(filled: Lake, engine: Engine) -> None:
    bring_up(by_shop(name="other"), engine=engine, lake=filled, clock=clock)
    size = _refreshing(filled, engine).newest(None).bytes
    served = _answers(filled, engine, most_bytes=int(1.5 * size)).start()
    try:
        _loaded(served)
        assert _rows(_loaded(served, name="other")) == _rows(_loaded(served))
        assert sum(view.bytes for view in served._views.values()) <= 1.5 * size
    finally:
        served.close()


def test_a_view_says_what_the_project_says_of_it(filled: Lake, engine: Engine) -> None:
    said = {"by_shop": Said(description="Sales by shop.", owner="shops")}
    answers = _answers(filled, engine, said=said)
    answers._list()
    about = answers.about("by_shop")
    assert (about.description, about.owner, about.keys) == ("Sales by shop.", "shops", ("shop",))
    with pytest.raises(UnknownName, match="by_shop"):
        answers.newest("by_shops")
    answers.ready()


def test_many_changed_groups_are_read_anew(
    filled: Lake, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    refreshing = _refreshing(filled, engine)
    before = refreshing.newest(None)
    monkeypatch.setattr(changes, "_MANY", 1)
    arrive(filled, 1, LATE)
    fold(by_shop(), engine=engine, lake=filled)
    after = refreshing.newest(before)
    assert isinstance(after, LakeAnswer)
    assert _rows(after) == expected(EVENTS + LATE)


def test_a_failure_is_reported_once_and_the_last_answer_stays(
    filled: Lake, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    served = _answers(filled, engine, report=told.append).start()
    monkeypatch.setattr("pipeline_platform.serving.lake_answers._FAILED_S", 0.01)

    def away(*_: object, **__: object) -> None:
        raise SourceUnavailable("the lake is away")

    try:
        first = _loaded(served)
        monkeypatch.setattr("pipeline_platform.serving.refreshing.reading", away)
        time.sleep(0.3)
        assert served.newest("by_shop") is first
        assert told == ["the lake is away"]
    finally:
        served.close()


def test_a_view_is_listed_once_it_is_live(
    filled: Lake, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline_platform.serving.lake_answers._LISTED_S", 0.05)
    served = _answers(filled, engine)
    early = by_shop(name="early")
    filled.table(early.live).ensure(SCHEMA, None, "")
    assert served.start().names() == ["by_shop"]
    bring_up(early, engine=engine, lake=filled, clock=clock)
    assert _rows(_loaded(served, name="early")) == expected(EVENTS)
    served.close()


def test_another_version_of_a_dimension_is_another_answer(filled: Lake, engine: Engine) -> None:
    shops = TableName("warehouse", "shops")
    view = by_shop(name="named")
    answer = """SELECT s.k0 AS shop, d.title AS title, s.events AS events FROM
        (SELECT k0, sum(_rows) AS events FROM __states__ GROUP BY k0) AS s
        LEFT JOIN warehouse.shops AS d ON s.k0 = d.shop"""
    columns = (view.columns[0], TableColumn("title", "string"), view.columns[2])
    split = replace(view.split, answer=answer, dimensions=(str(shops),))
    _titles(filled, shops, "old")
    named = replace(view, columns=columns, split=split)
    bring_up(named, engine=engine, lake=filled, clock=clock)
    refreshing = Refreshing(
        "named", lender=engine, lake=filled, clock=clock, said={}, most_bytes=ALL
    )
    before = refreshing.newest(None)
    _titles(filled, shops, "new")
    after = refreshing.newest(before)
    asked = Asked({"shop": Condition(equal=("a",))})
    assert [found.rows(asked, 0, 1).rows() for found in (before, after)] == [
        [("a", "old", 2)],
        [("a", "new", 2)],
    ]
    assert before.standing.tag != after.standing.tag
    assert before.standing.pin == after.standing.pin
    with pytest.raises(Gone):
        refreshing.tagged(before.standing.tag)
    arrive(filled, 1, LATE)
    fold(named, engine=engine, lake=filled)
    assert refreshing.newest(after).rows(Asked(), 0, 9).rows() == [
        (None, None, 1),
        ("a", "new", 2),
        ("b", None, 2),
        ("c", None, 1),
    ]


def test_a_pinned_dimension_changes_no_answer_and_events_are_patched_in(
    lake: Lake, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    located(lake, {"a": "Oslo", "b": "Rom"})
    arrive(lake, 0, EVENTS)
    bring_up(by_city(), engine=engine, lake=lake, clock=clock)
    refreshing = Refreshing(
        "by_city", lender=engine, lake=lake, clock=clock, said={}, most_bytes=ALL
    )
    before = refreshing.newest(None)
    located(lake, {"a": "Bergen", "b": "Rom", "c": "Rom"})
    assert refreshing.newest(before) is before
    monkeypatch.setattr("pipeline_platform.serving.refreshing.whole", None)
    arrive(lake, 1, LATE)
    fold(by_city(), engine=engine, lake=lake)
    after = refreshing.newest(before)
    cities = {1: {"a": "Oslo", "b": "Rom"}, 2: {"a": "Oslo"}, 3: {"c": "Rom"}}
    assert _rows(after) == by_cities(EVENTS + LATE, cities)
    assert _rows(after, Asked({"city": Condition(equal=("Rom",))})).keys() == {"Rom"}


def _titles(lake: Lake, name: TableName, title: str) -> None:
    table = lake.table(name)
    schema = pa.schema([("shop", pa.string()), ("title", pa.string())])
    table.ensure(schema, None)
    rows = pl.DataFrame({"shop": ["a"], "title": [title]})
    with table.stage(schema) as staging:
        staging.write(rows)
        files = staging.finish()
    table.replace(files, read=table.snapshot(), window=None)
