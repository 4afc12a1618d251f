"""What is out of date: laws over a small graph, and each reason on its own."""

from collections.abc import Mapping

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_platform.cli.stale import Partition, Recorded, batches, stale

DAYS = ("d1", "d2", "d3")


def asset(
    built: Mapping[Partition, int], reads: Mapping[str, Mapping[Partition, tuple[Partition, ...]]]
) -> Recorded:
    partitions = tuple(built)
    return Recorded(partitions, built, dict.fromkeys(partitions, "v1"), "v1", reads)


def graph(start: int = 1) -> dict[str, Recorded]:
    """Nothing is stale: raw marks serving, which feeds a fact, a local day and a roll-up."""
    n = iter(range(start, start + 99))
    same = {day: (day,) for day in DAYS}
    spans = {"d1": ("d1", "d2"), "d2": ("d2", "d3"), "d3": ("d3",)}
    raw = msgspec.structs.replace(asset({None: next(n)}, {}), marks=True)
    serving = asset({d: next(n) for d in DAYS}, {"raw": dict.fromkeys(DAYS, (None,))})
    fact = asset({d: next(n) for d in DAYS}, {"serving": same})
    local = asset({d: next(n) for d in DAYS}, {"fact": spans})
    total = asset({None: next(n)}, {"fact": {None: DAYS}})
    return {"total": total, "local": local, "fact": fact, "serving": serving, "raw": raw}


def change(name: str, **fields: object) -> dict[str, Recorded]:
    assets = graph()
    assets[name] = msgspec.structs.replace(assets[name], **fields)
    return assets


def test_what_was_just_built_is_not_stale() -> None:
    assert stale(graph()) == {}


def test_what_was_never_built_is_stale_with_all_below_it() -> None:
    found = stale({name: msgspec.structs.replace(a, built={}) for name, a in graph().items()})
    assert next(iter(found)) == "raw"
    assert found == {name: frozenset(a.partitions) for name, a in graph().items()}


def test_a_newer_day_upstream_makes_exactly_its_readers_stale() -> None:
    built = graph()["serving"].built | {"d2": 1000}
    assert stale(change("serving", built=built)) == {
        "fact": {"d2"},
        "local": {"d1", "d2"},
        "total": {None},
    }


def test_a_newer_raw_run_makes_nothing_stale_but_pending_input_makes_all() -> None:
    assert stale(change("raw", built={None: 1000})) == {}
    assert set(stale(change("raw", pending=True))) == {"raw", "serving", "fact", "local", "total"}


def test_an_upstream_built_again_with_the_data_it_had_makes_nothing_stale() -> None:
    fact = graph()["fact"]
    again = dict.fromkeys(DAYS, 1000)
    assert stale(change("fact", built=again, changed=fact.built)) == {}
    assert set(stale(change("fact", built=again))) == {"local", "total"}


def test_other_code_on_one_day() -> None:
    code = graph()["fact"].code | {"d3": "v0"}
    assert stale(change("fact", code=code)) == {
        "fact": {"d3"},
        "local": {"d2", "d3"},
        "total": {None},
    }


def test_a_lost_table_is_built_again_with_what_reads_it() -> None:
    assert stale(change("total", exists=False)) == {"total": {None}}
    assert set(stale(change("local", exists=False))) == {"local"}


def test_upstreams_outside_the_graph_are_not_judged() -> None:
    assets = graph()
    del assets["raw"]
    assert stale(assets) == {}


@pytest.mark.parametrize("name", ["serving", "fact"])
@given(days=st.sets(st.sampled_from(DAYS)))
def test_building_what_is_stale_leaves_nothing_stale(name: str, days: set[str]) -> None:
    assets = graph()
    built = {d: (1000 if d in days else n) for d, n in assets[name].built.items()}
    assets[name] = msgspec.structs.replace(assets[name], built=built)
    clock = iter(range(2000, 3000))
    for key, partitions in stale(assets).items():
        renewed = dict(assets[key].built) | {p: next(clock) for p in partitions}
        assets[key] = msgspec.structs.replace(assets[key], built=renewed)
    assert stale(assets) == {}


def test_what_shares_its_days_runs_at_once() -> None:
    assets = {name: msgspec.structs.replace(a, built={}) for name, a in graph().items()}
    wanted = stale(assets)
    assert batches(assets, wanted) == [wanted]
    assert batches(assets, {}) == []


def test_other_days_run_apart_and_after_what_they_read() -> None:
    assets = {name: msgspec.structs.replace(a, built={}) for name, a in graph().items()}
    years = asset({"y1": 1, "y2": 2}, {"fact": {"y1": ("d1",), "y2": ("d2",)}})
    above = asset({None: 1}, {"years": {None: ("y1", "y2")}})
    assets |= {"years": years, "above": above}
    wanted = {name: frozenset(assets[name].partitions) for name in stale(assets) | assets}
    ordered = {name: wanted[name] for name in ("raw", "serving", "fact", "years", "above", "total")}
    found = batches(assets, ordered)
    assert [list(run) for run in found] == [["raw", "serving", "fact", "total"], ["years", "above"]]
