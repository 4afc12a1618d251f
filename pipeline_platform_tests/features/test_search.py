"""Sorting packed numbers and maxima per key, over all that int64 holds."""

from typing import Any

import numpy as np
import polars as pl
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline_platform.features.asof import latest
from pipeline_platform.features.search import NOWHERE, Facts, matched, ordered, running_maximum

LEAST, GREATEST = -(2**63), 2**63 - 1
longs = st.integers(LEAST, GREATEST) | st.sampled_from([LEAST, -1, 0, 1, GREATEST])
near = st.integers(0, 3)
far = st.builds(lambda base, n: base + n, st.sampled_from([LEAST, 0, 2**62]), near)
instants = st.one_of(longs, near, far)
rows = st.lists(st.tuples(st.integers(0, 5) | st.just(2**31 - 1), instants, instants), max_size=40)
CLOCK = pl.Datetime("us", "UTC")


def columns(rows: list[Any], count: int) -> list[Any]:
    return [np.array([row[n] for row in rows], np.int64) for n in range(count)]


@settings(max_examples=500)
@given(rows)
@example([(0, GREATEST, 0), (0, LEAST, 0)] * 20)
@example([(2**31 - 1, 2**62 + n % 7, -n) for n in range(40)] + [(0, -(2**62), 0)])
def test_rows_are_sorted_and_equals_stay_in_place(rows: list[Any]) -> None:
    code, event, available = columns(rows, 3)
    found = ordered(code, [event, available]).tolist()
    assert found == sorted(range(len(rows)), key=lambda place: rows[place])


@settings(max_examples=300)
@given(rows)
@example([(0, LEAST, 0), (0, -5, 0), (1, GREATEST, 0), (1, 3, 0)])
@example([(0, 0, 0), (1, 2**62, 0), (2, 1, 0), (2**31 - 1, 5, 0)])
def test_the_maximum_starts_anew_with_every_key(rows: list[Any]) -> None:
    rows = sorted(rows, key=lambda row: row[0] % 7)
    code, values = (np.array([row[n] for row in rows], np.int64) for n in range(2))
    found = running_maximum(values, code % 7).tolist()
    highest: dict[int, int] = {}
    for (key, value, _), maximum in zip(rows, found, strict=True):
        highest[key % 7] = max(value, highest.get(key % 7, LEAST))
        assert maximum == highest[key % 7]


@given(
    st.lists(st.tuples(st.none() | near, st.none() | near), max_size=12),
    st.lists(st.tuples(st.none() | near, st.none() | near, st.none() | near), max_size=30),
    st.sampled_from([1, 3, 100]),
)
def test_parts_have_all_points_once_and_every_row_that_counts(
    spine: list[Any], rows: list[Any], size: int
) -> None:
    keys = pl.DataFrame({"k": pl.Series([row[0] for row in rows], dtype=pl.Int64)})
    clocks = {n: pl.Series([row[i] for row in rows], dtype=CLOCK) for i, n in ((1, "e"), (2, "a"))}
    parts = list(
        matched(
            pl.DataFrame({"k": pl.Series([key for key, _ in spine], dtype=pl.Int64)}),
            pl.Series([at for _, at in spine], dtype=CLOCK),
            keys,
            pl.DataFrame(clocks),
            0,
            size,
        )
    )
    assert sorted(place for part in parts for place in part.place.tolist()) == list(
        range(len(spine))
    )
    last = max((at for key, at in spine if key is not None and at is not None), default=-1)
    wanted = [
        n
        for n, (key, event, available) in enumerate(rows)
        if key in {key for key, _ in spine if key is not None}
        and event is not None
        and available is not None
        and max(event, available) <= last
    ]
    assert sorted(row for part in parts for row in part.facts.row.tolist()) == wanted
    for part in parts:
        for place, code in zip(part.place.tolist(), part.points.code.tolist(), strict=True):
            here = part.facts.row[part.facts.code == code].tolist() if code >= 0 else []
            assert set(here) == {n for n in wanted if rows[n][0] == spine[place][0]}


def test_instants_from_the_beginning_to_the_end_of_time_beside_many_keys() -> None:
    """Year 1 and 9999 leave no room for 300 keys in one number: they are taken by parts."""
    early, late, count = -62_135_596_800_000_000, 253_402_300_799_999_999, 300
    spine = pl.DataFrame({"k": range(count)})
    at = pl.Series([late] * count, dtype=CLOCK)
    rows = pl.DataFrame({"k": [*range(count)] * 3, "value": range(3 * count)})
    event = [early] * count + [0] * count + [1] * count
    available = [early] * count + [5] * count + [late + n % 2 for n in range(count)]
    clocks = pl.DataFrame({"e": event, "a": available}, schema={"e": CLOCK, "a": CLOCK})
    (part,) = matched(spine, at, rows.select("k"), clocks, 0)
    found = latest(part.points, part.facts, rows.select("value"), ttl_us=None, inclusive=True)
    wanted = {n: n + count * (2 if n % 2 == 0 else 1) for n in range(count)}
    assert dict(zip(part.place.tolist(), found.tolist(), strict=True)) == wanted


def test_nothing_is_found_among_no_rows() -> None:
    none = np.zeros(0, np.int64)
    facts = Facts(none, none, none, none, np.zeros(1, np.int64))
    spine = pl.DataFrame({"k": [1]})
    (part,) = matched(
        spine,
        pl.Series([3], dtype=CLOCK),
        spine.clear(),
        pl.DataFrame(schema={"e": CLOCK, "a": CLOCK}),
        0,
    )
    assert part.facts.start.tolist() == facts.start.tolist() == [0]
    assert latest(part.points, part.facts, spine, ttl_us=None, inclusive=True).tolist() == [NOWHERE]
