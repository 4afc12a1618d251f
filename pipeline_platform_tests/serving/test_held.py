"""Rows found by search are those that a plain look at every row finds, however patched."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from pipeline_platform.serving.asked import Asked, Condition
from pipeline_platform.serving.held import HeldRows

KINDS = {"name": pl.String(), "day": pl.Date(), "number": pl.Int32(), "value": pl.Int64()}
KEYS = ["name", "day", "number"]
names = st.none() | st.sampled_from(
    ["", "a", "ab", "b", "z\U0010ffff", "\U0010ffff", "\ud7ff", "é"]
)
days = st.none() | st.integers(0, 3).map(lambda n: date(2013, 7, 10) + timedelta(n))
numbers = st.none() | st.integers(-2, 2)
keys = st.tuples(names, days, numbers)
answers = st.dictionaries(keys, st.integers(0, 9), max_size=12)
steps = st.lists(st.dictionaries(keys, st.none() | st.integers(10, 99), max_size=5), max_size=4)


def _conditions(values: Any) -> st.SearchStrategy[Condition]:
    real = values.filter(lambda value: value is not None)
    bounds = st.tuples(values, values).filter(lambda found: found != (None, None))
    ranges = bounds.map(lambda found: Condition(low=found[0], high=found[1]))
    return st.one_of(
        st.lists(real, min_size=1, max_size=3).map(lambda found: Condition(equal=tuple(found))),
        st.booleans().map(lambda null: Condition(null=null)),
        ranges,
    )


conditions = st.fixed_dictionaries(
    {},
    optional={
        "name": _conditions(names) | names.map(lambda found: Condition(prefix=found or "")),
        "day": _conditions(days),
        "number": _conditions(numbers),
    },
).map(lambda found: Asked({key: found[key] for key in KEYS if key in found}))


@given(answers, steps, conditions)
def test_search_over_patches_finds_what_a_look_at_every_row_finds(
    first: dict[Any, int], changes: list[dict[Any, int | None]], asked: Asked
) -> None:
    oracle, held = dict(first), HeldRows.of(_frame(first), KEYS)
    versions = [(held, dict(oracle))]
    for change in changes:
        present = {key: value for key, value in change.items() if value is not None}
        held = held.patched(_frame(change).select(KEYS), _frame(present))
        oracle = {k: v for k, v in oracle.items() if k not in change} | present
        versions.append((held, dict(oracle)))
    for version, rows in versions:
        expected = sorted((k for k in rows if _fits(k, asked)), key=_order)
        found = version.rows(asked, 0, 1000)
        assert found.rows() == [(*key, rows[key]) for key in expected]
        assert version.rows(asked, 1, 2).rows() == found.rows()[1:3]
        assert version.whole.height == len(rows)


@given(answers, keys)
def test_one_key_is_found_in_rows_and_in_patches(rows: dict[Any, int], key: Any) -> None:
    if None in key:
        return
    asked = Asked({k: Condition(equal=(v,)) for k, v in zip(KEYS, key, strict=True)})
    held = HeldRows.of(_frame(rows), KEYS)
    assert held.rows(asked, 0, 9).rows() == [(*key, rows.get(key))] * (key in rows)
    moved = held.patched(_frame({key: 77}).select(KEYS), _frame({key: 77}))
    assert moved.rows(asked, 0, 9).rows() == [(*key, 77)]
    gone = moved.patched(_frame({key: 0}).select(KEYS), _frame({}))
    assert gone.rows(asked, 0, 9).rows() == []


def test_many_changes_become_the_rows_themselves() -> None:
    held = HeldRows.of(pl.DataFrame({"k": range(1000), "v": 0}), ["k"])
    for start in range(0, 30_000, 10_000):
        change = pl.DataFrame({"k": range(start, start + 10_000), "v": start})
        held = held.patched(change.select("k"), change)
    assert len(held._base) == 30_000
    assert not len(held._changed)
    assert held.whole["v"].to_list()[::10_000] == [0, 10_000, 20_000]


def test_a_decimal_or_a_double_is_found_by_its_value_not_by_its_rounding() -> None:
    held = HeldRows.of(pl.DataFrame({"k": [0.1, 0.2, float("nan")], "v": [1, 2, 3]}), ["k"])
    assert held.rows(Asked({"k": Condition(equal=(0.2,))}), 0, 9).rows() == [(0.2, 2)]
    instants = pl.DataFrame({"k": [datetime(2013, 1, 1, tzinfo=UTC)], "v": [1]})
    assert HeldRows.of(instants, []).rows(Asked(), 0, 9).height == 1


def _frame(rows: dict[Any, Any]) -> pl.DataFrame:
    return pl.DataFrame([(*key, value) for key, value in rows.items()], schema=KINDS, orient="row")


def _order(key: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple((part is not None, _bytes(part)) for part in key)


def _bytes(part: Any) -> Any:
    if part is None:
        return 0
    return part.encode() if isinstance(part, str) else part


def _fits(key: tuple[Any, ...], asked: Asked) -> bool:
    return all(_meets(key[KEYS.index(name)], c) for name, c in asked.conditions.items())


def _meets(value: Any, condition: Condition) -> bool:
    if condition.null is not None:
        return (value is None) == condition.null
    if value is None:
        return condition == Condition()
    if condition.prefix is not None:
        return bool(value.startswith(condition.prefix))
    if condition.equal:
        return value in condition.equal
    low = condition.low is None or _bytes(value) >= _bytes(condition.low)
    return low and (condition.high is None or _bytes(value) < _bytes(condition.high))
