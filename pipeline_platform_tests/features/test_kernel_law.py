"""The kernel equals brute force, whatever the keys, instants, ties, NULLs and chunks."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline_platform.contracts.features import Aggregate, AsOf, Feature, Window
from pipeline_platform.features.kernel import (
    AT,
    AVAILABLE,
    EVENT,
    features,
    source_key,
    source_value,
    spine_key,
)
from pipeline_platform.features.plain import Past, plain

START = datetime(2013, 1, 1, tzinfo=UTC)
INSTANT = pl.Datetime("us", "UTC")


class Row(NamedTuple):
    """A source's row."""

    keys: tuple[Any, ...]
    event: datetime | None
    available: datetime | None
    values: tuple[Any, ...]


INSTANTS = [START + timedelta(seconds=n) for n in range(13)]
FAR = [datetime(year, 1, 1, tzinfo=UTC) for year in (1900, 9000)]
instants = st.none() | st.sampled_from(INSTANTS) | st.sampled_from(INSTANTS + FAR)
keys = st.tuples(st.sampled_from([1, 12, None]), st.sampled_from(["a", "a_b", "", None]))
doubles = st.sampled_from(
    [None, 0.1, 0.2, -0.3, 1e16, 1.0, 1e300, -1e300, 5e-324, math.inf, -math.inf, math.nan]
)
values = st.tuples(st.sampled_from([None, 1, 2, 7]), doubles)
sources = st.lists(st.builds(Row, keys, instants, instants, values), max_size=30)
spines = st.lists(st.tuples(keys, instants), max_size=12)
spans = st.sampled_from([0.0, 1.0, 3.0, 2.5])
as_ofs = st.builds(
    AsOf,
    table=st.just("serving.s"),
    keys=st.just((("k", "k"), ("l", "l"))),
    event_ts=st.just("e"),
    available_at=st.just("a"),
    values=st.just((Feature("x", "x"), Feature("y", "y"))),
    lag_s=spans,
    ttl_s=st.none() | spans,
    inclusive=st.booleans(),
)
aggregates = tuple(
    Aggregate(f"{function}_{name}", function, name)
    for function, name in [
        ("sum", "x"), ("sum", "y"), ("count", "x"), ("count", "*"), ("min", "y"), ("max", "y"),
        ("mean", "y"), ("mean", "x"), ("max", "x"),
    ]
)  # fmt: skip
window_groups = st.builds(
    Window,
    table=st.just("serving.s"),
    keys=st.just((("k", "k"), ("l", "l"))),
    event_ts=st.just("e"),
    available_at=st.just("a"),
    width_s=st.sampled_from([1.0, 3.0, 100.0]),
    aggregates=st.just(aggregates),
    lag_s=spans,
)


def spine_frame(rows: list[Any], groups: int) -> pl.DataFrame:
    columns = {AT: pl.Series([at for _, at in rows], dtype=INSTANT)}
    for group in range(groups):
        columns[spine_key(group, 0)] = pl.Series([k[0] for k, _ in rows], dtype=pl.Int64)
        columns[spine_key(group, 1)] = pl.Series([k[1] for k, _ in rows], dtype=pl.String)
    return pl.DataFrame(columns)


def source_frame(group: AsOf | Window, rows: list[Row]) -> pl.DataFrame:
    kinds = {"x": pl.Int32(), "y": pl.Float64()}
    columns = {
        source_key(0): pl.Series([r.keys[0] for r in rows], dtype=pl.Int64),
        source_key(1): pl.Series([r.keys[1] for r in rows], dtype=pl.String),
        EVENT: pl.Series([r.event for r in rows], dtype=INSTANT),
        AVAILABLE: pl.Series([r.available for r in rows], dtype=INSTANT),
    }
    for number, (_, expression) in enumerate(group.outputs):
        if expression != "*":
            cells = [r.values["xy".index(expression)] for r in rows]
            columns[source_value(number)] = pl.Series(cells, dtype=kinds[expression])
    return pl.DataFrame(columns)


def renamed(group: AsOf | Window, number: int) -> AsOf | Window:
    """The group with names of its own."""
    if isinstance(group, AsOf):
        named = tuple(Feature(f"{v.name}_{number}", v.expression) for v in group.values)
        return msgspec.structs.replace(group, values=named)
    found = (msgspec.structs.replace(a, name=f"{a.name}_{number}") for a in group.aggregates)
    return msgspec.structs.replace(group, aggregates=tuple(found))


def brute_force(group: AsOf | Window, keys: Any, at: datetime | None, rows: list[Row]) -> Any:
    """The group's features of a spine row, from all rows, and from those of its past."""
    wanted = [expression for _, expression in group.outputs]
    history = [
        Past(r.event, r.available, tuple((1, *r.values)["*xy".index(e)] for e in wanted))
        for r in rows
        if r.event and r.available and r.keys == keys and None not in keys and at
    ]
    found = plain(group, at or START, history)
    past = [row for row in history if row.event <= at and row.available <= at]
    assert list(map(repr, plain(group, at or START, past))) == list(map(repr, found))
    return found


def same(found: Any, wanted: Any) -> bool:
    if found is None or wanted is None:
        return found is wanted
    return bool(found == wanted) or (found != found and wanted != wanted)


@settings(max_examples=300)
@given(
    spines,
    st.lists(st.tuples(as_ofs | window_groups, sources), min_size=1, max_size=3),
    st.sampled_from([1, 7, 1000]),
    st.sampled_from([1, 7, 1000]),
)
def test_the_kernel_is_brute_force(spine: Any, given_groups: Any, pairs: int, rows: int) -> None:
    groups = [renamed(group, n) for n, (group, _) in enumerate(given_groups)]
    frames = [source_frame(group, rows) for group, rows in given_groups]
    found = features(spine_frame(spine, len(groups)), frames, groups, pairs=pairs, rows=rows).rows()
    assert len(found) == len(spine)
    for (key, at), cells in zip(spine, found, strict=True):
        wanted = [
            cell for group, rows in given_groups for cell in brute_force(group, key, at, rows)
        ]
        assert all(same(a, b) for a, b in zip(cells, wanted, strict=True)), (key, at, cells, wanted)
