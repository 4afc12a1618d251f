"""The ledger: epochs written once, in order, without holes."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline_platform.contracts.epochs import EpochPlan, ObjectRef, PlannedObject
from pipeline_platform.contracts.names import TableName
from pipeline_platform.errors import WriteRefused
from pipeline_platform.lake.lake import Lake
from pipeline_platform.lake.ledger import Ledger

AT = datetime(2013, 1, 1, 12, 0, 0, 123456, UTC)


def ledger(lake: Lake) -> Ledger:
    """An empty ledger."""
    made = Ledger(lake.table(TableName("raw", "events")))
    made.ensure()
    return made


def arrivals(epoch: int, *keys: str) -> EpochPlan:
    """An epoch of new objects."""
    objects = tuple(PlannedObject(n, ObjectRef(k, 7, f"v-{k}")) for n, k in enumerate(keys))
    return EpochPlan(epoch, "arrival", AT + timedelta(hours=epoch), "{}", 1, objects)


def replay(epoch: int, key: str, rows: tuple[int, ...]) -> EpochPlan:
    """An epoch that takes rows of an object up again."""
    planned = PlannedObject(0, ObjectRef(key, 7, f"v-{key}"), rows, (0, 1))
    return EpochPlan(epoch, "replay", AT, "{}", 1, (planned,))


def test_an_empty_ledger(lake: Lake) -> None:
    made = ledger(lake)
    made.ensure()
    assert (made.head(), made.known(), made.plans(0)) == (-1, {}, [])


def test_plans_come_back_as_they_were(lake: Lake) -> None:
    made = ledger(lake)
    plans = [arrivals(0, "b", "a"), replay(1, "a", (3, 5)), replay(2, "a", ()), arrivals(3, "c/ü")]
    assert [made.plan(plan) for plan in plans] == [True] * 4
    assert made.plans(0) == plans
    assert made.plans(1, 2) == plans[1:3]
    assert made.plans(4) == []
    assert made.head() == 3


def test_an_epoch_is_planned_once(lake: Lake) -> None:
    made = ledger(lake)
    assert made.plan(arrivals(0, "a"))
    assert not made.plan(arrivals(0, "b"))
    assert made.plans(0) == [arrivals(0, "a")]


@pytest.mark.parametrize("plan", [arrivals(0), arrivals(1, "a")], ids=["no objects", "a hole"])
def test_holes_and_empty_epochs_are_refused(lake: Lake, plan: EpochPlan) -> None:
    with pytest.raises(WriteRefused, match="last planned epoch is -1"):
        ledger(lake).plan(plan)


def test_known_are_arrivals_and_grow_with_the_ledger(lake: Lake) -> None:
    made, other = ledger(lake), ledger(lake)
    other.plan(arrivals(0, "a", "b"))
    assert made.known() == {k: ObjectRef(k, 7, f"v-{k}") for k in "ab"}
    other.plan(replay(1, "a", (1,)))
    other.plan(replay(2, "only replayed", (1,)))
    other.plan(arrivals(3, "c"))
    known = made.known()
    assert set(known) == {"a", "b", "c"}
    known.clear()
    assert set(made.known()) == {"a", "b", "c"}


def test_one_of_many_writers_plans_the_epoch(lake: Lake) -> None:
    made = ledger(lake)
    won: list[str] = []

    def race(key: str) -> None:
        if Ledger(made.table).plan(arrivals(0, key)):
            won.append(key)

    threads = [Thread(target=race, args=(key,)) for key in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made.plans(0) == [arrivals(0, *won)]


@settings(max_examples=10)
@given(st.lists(st.lists(st.text(min_size=1, max_size=4), min_size=1, max_size=4), max_size=4))
def test_any_keys_come_back(
    tmp_path_factory: pytest.TempPathFactory, epochs: list[list[str]]
) -> None:
    made = ledger(Lake(tmp_path_factory.mktemp("lake")))
    keys = [[k.encode("utf-8", "replace").decode() for k in epoch] for epoch in epochs]
    for number, epoch in enumerate(keys):
        made.plan(arrivals(number, *epoch))
    assert made.plans(0) == [arrivals(n, *epoch) for n, epoch in enumerate(keys)]
    assert set(made.known()) == {k for epoch in keys for k in epoch}


def test_a_stale_ledger_reads_on(tmp_path: Path) -> None:
    first, second = ledger(Lake(tmp_path)), ledger(Lake(tmp_path))
    assert first.plan(arrivals(0, "a"))
    assert second.head() == 0
    assert second.plan(arrivals(1, "b"))
    assert first.known().keys() == {"a", "b"}
