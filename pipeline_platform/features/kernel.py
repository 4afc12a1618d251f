"""The point-in-time join as a pure function over frames."""

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl
import polars.selectors as cs

from pipeline_platform.contracts.features import AsOf, Window
from pipeline_platform.features.aggregates import aggregated
from pipeline_platform.features.asof import latest
from pipeline_platform.features.search import ROWS, Part, matched
from pipeline_platform.features.windows import PAIRS, Windows

AT = "__at"  # timestamp: the spine's T
EVENT, AVAILABLE = "__event", "__available"  # timestamps of a source's rows


def spine_key(group: int, key: int) -> str:
    """The spine's column for a key of a group, both counted from 0."""
    return f"__key_{group}_{key}"


def source_key(key: int) -> str:
    """A source's column for a key."""
    return f"__key_{key}"


def source_value(value: int) -> str:
    """A source's column for the expression of a feature."""
    return f"__value_{value}"


def features(
    spine: pl.DataFrame,
    sources: Sequence[pl.DataFrame],
    groups: Sequence[AsOf | Window],
    *,
    pairs: int = PAIRS,
    rows: int = ROWS,
) -> pl.DataFrame:
    """One row per row of `spine`, in its order; the groups' features in theirs.

    `spine` has AT and `spine_key(g, k)`, each source `source_key(k)`, EVENT, AVAILABLE and
    `source_value(v)` (none for `*`); instants are timestamps in us, keys of a pair have one
    type. Memory is bounded by the frames; about `rows` rows of a source are worked on at a
    time, of pairs of rows `pairs`.
    """
    columns: list[pl.Series] = []
    for number, (group, source) in enumerate(zip(groups, sources, strict=True)):
        names = [source_key(key) for key in range(len(group.keys))]
        parts = matched(
            spine.select(pl.col(spine_key(number, k)).alias(name) for k, name in enumerate(names)),
            spine[AT],
            source.select(names),
            source.select(EVENT, AVAILABLE),
            microseconds(group.lag_s),
            rows,
        )
        if isinstance(group, AsOf):
            columns += _latest(group, source, spine.height, parts)
        else:
            columns += _aggregates(group, source, parts, pairs)
    return pl.DataFrame(columns)


def _latest(
    group: AsOf, source: pl.DataFrame, height: int, parts: Iterator[Part]
) -> list[pl.Series]:
    values = source.select(
        pl.col(source_value(n)).alias(value.name) for n, value in enumerate(group.values)
    )
    ttl_us = None if group.ttl_s is None else microseconds(group.ttl_s)
    found = np.empty(height, np.int64)
    for part in parts:
        found[part.place] = latest(
            part.points, part.facts, values, ttl_us=ttl_us, inclusive=group.inclusive
        )
    order = np.argsort(found)  # rising places are read several times faster
    places = pl.Series(found[order])
    rows = values.select(pl.all().gather(places.set(places < 0, None)))
    back = pl.Series(np.argsort(order))
    return rows.select(pl.all().gather(back)).with_columns(cs.float() + 0.0).get_columns()


def _aggregates(
    group: Window, source: pl.DataFrame, parts: Iterator[Part], pairs: int
) -> list[pl.Series]:
    values = [
        None if a.expression == "*" else source[source_value(n)]
        for n, a in enumerate(group.aggregates)
    ]
    places, columns = [], []
    for part in parts:
        windows = Windows(part.points, part.facts, microseconds(group.width_s), pairs)
        columns.append(aggregated(group.aggregates, values, part.facts, windows))
        places.append(part.place)
    back = pl.Series(np.argsort(np.concatenate(places)))
    return [pl.concat(column).gather(back) for column in zip(*columns, strict=True)]


def microseconds(seconds: float) -> int:
    """Whole microseconds."""
    return round(seconds * 1_000_000)
