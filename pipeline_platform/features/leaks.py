"""Proves that a feature set kept its spine and knew nothing of the future."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

import polars as pl

from pipeline_platform.contracts.features import AsOf, FeatureSet, Window
from pipeline_platform.contracts.windows import DayWindow
from pipeline_platform.engine.engine import Engine
from pipeline_platform.features.build import SLAB_ROWS
from pipeline_platform.features.kernel import (
    AT,
    AVAILABLE,
    EVENT,
    source_key,
    source_value,
    spine_key,
)
from pipeline_platform.features.plain import Past, plain
from pipeline_platform.features.recorded import exists, inputs_by_days
from pipeline_platform.features.sources import Rows, Sources, day_slabs
from pipeline_platform.lake.lake import Lake
from pipeline_platform.models.checks import SAMPLE_ROWS, CheckOutcome
from pipeline_platform.models.pins import pinned

_ROWS, _COUNT = "__rows", "__count"


def evaluate(
    feature_set: FeatureSet,
    window: DayWindow | None,
    *,
    engine: Engine,
    lake: Lake,
    sample: int = 200,
) -> list[CheckOutcome]:
    """`spine_kept` and `no_leaks` over the window, by the input versions its builds recorded.

    `spine_kept` compares every row of the spine, with its multiplicity, with the table.
    `no_leaks` takes about `sample` rows, always the same, leaves of every source only what
    had happened and was known at the row's T, computes its features from that by their
    plain definition, and asks that the table holds exactly the same. Days whose input
    versions have been cleaned up since cannot be checked and are left out.
    """
    held = lake.table(feature_set.table).snapshot()
    found = _Found()
    for days, versions in inputs_by_days(held, window):
        if versions is None or not all(exists(lake, *item) for item in versions.items()):
            continue
        with pinned(feature_set.tables, engine=engine, lake=lake, versions=versions) as pins:
            sources = Sources.pinned(feature_set, pins, engine)
            for slab in day_slabs(feature_set, pins, days, SLAB_ROWS):
                rows = sources.read(slab, bounded=False)
                within = None if slab is None else list(slab.days)
                stored = held.frame(days=within).collect()
                share = 1.0 if slab is None or window is None else len(slab) / len(window)
                found.compare_spine(feature_set, rows.spine, stored)
                found.recompute(feature_set, rows, stored, ceil(sample * share))
    return [_outcome("spine_kept", found.spine), _outcome("no_leaks", found.leaks)]


@dataclass
class _Tally:
    checked: int = 0
    failed: int = 0
    sample: list[dict[str, Any]] = field(default_factory=list)

    def add(self, failing: Iterable[dict[str, Any]]) -> None:
        for row in failing:
            self.failed += row.pop(_COUNT, 1)
            if len(self.sample) < SAMPLE_ROWS:
                self.sample.append(row)


@dataclass
class _Found:
    spine: _Tally = field(default_factory=_Tally)
    leaks: _Tally = field(default_factory=_Tally)

    def compare_spine(
        self, feature_set: FeatureSet, spine: pl.DataFrame, stored: pl.DataFrame
    ) -> None:
        columns = list(feature_set.spine.columns)
        sides = [
            side.select(columns).with_columns(pl.lit(n).alias(name) for name, n in marks)
            for side, marks in (
                (spine, (("in_spine", 1), ("in_table", 0))),
                (stored, (("in_spine", 0), ("in_table", 1))),
            )
        ]
        counted = pl.concat(sides).group_by(columns, maintain_order=True).sum()
        wrong = counted.filter(pl.col("in_spine") != pl.col("in_table"))
        missing = (pl.col("in_spine").cast(pl.Int64) - pl.col("in_table")).abs().alias(_COUNT)
        self.spine.checked += spine.height
        self.spine.add(wrong.with_columns(missing).iter_rows(named=True))

    def recompute(
        self, feature_set: FeatureSet, rows: Rows, stored: pl.DataFrame, sample: int
    ) -> None:
        spine = _sampled(rows.spine, sample)
        self.leaks.checked += spine.height
        names = list(feature_set.spine.columns)
        near = stored.join(spine.select(names).unique(), on=names, how="semi", nulls_equal=True)
        held: dict[tuple[Any, ...], Counter[tuple[Any, ...]]] = {}
        for found in near.select([*names, *feature_set.features]).iter_rows():
            key, cells = _comparable(found[: len(names)]), _comparable(found[len(names) :])
            held.setdefault(key, Counter())[cells] += 1
        for row, cells in _recomputed(feature_set, spine, rows.sources):
            ours = held.get(_comparable(row.values()), Counter())
            if ours[cells] > 0:
                ours[cells] -= 1
            else:
                self.leaks.add([_difference(feature_set, row, cells, ours)])


def _sampled(spine: pl.DataFrame, count: int) -> pl.DataFrame:
    """Rows evenly spaced in the order of instants and contents."""
    take = min(count, spine.height)
    places = [n * spine.height // take for n in range(take)]
    return spine.sort(AT, *(c for c in spine.columns if c != AT))[places]


def _recomputed(
    feature_set: FeatureSet, spine: pl.DataFrame, sources: list[pl.DataFrame]
) -> Iterator[tuple[dict[str, Any], tuple[Any, ...]]]:
    """The spine's columns and the features of every row."""
    pairs = zip(feature_set.groups, sources, strict=True)
    histories = [_History(n, *pair, spine) for n, pair in enumerate(pairs)]
    for row in spine.iter_rows(named=True):
        cells = [cell for history in histories for cell in history.features(row)]
        yield {name: row[name] for name in feature_set.spine.columns}, _comparable(cells)


class _History:
    """The rows of a group's source, per key in the order in which they happened."""

    def __init__(
        self, number: int, group: AsOf | Window, source: pl.DataFrame, spine: pl.DataFrame
    ) -> None:
        self._group = group
        self._ours = [spine_key(number, k) for k in range(len(group.keys))]
        keys = [source_key(k) for k in range(len(group.keys))]
        rows = (
            source.drop_nulls([*keys, EVENT, AVAILABLE])
            .sort(EVENT)
            .select(
                *keys,
                EVENT,
                AVAILABLE,
                *(
                    pl.lit(1).alias(name) if expression == "*" else source_value(n)
                    for n, (name, expression) in enumerate(group.outputs)
                ),
            )
        )
        self._rows = {(): rows}
        if keys:
            wanted = spine.select(pl.col(self._ours)).unique()
            near = rows.join(wanted, left_on=keys, right_on=self._ours, how="semi")
            self._rows = near.partition_by(keys, as_dict=True, include_key=False)

    def features(self, row: dict[str, Any]) -> list[Any]:
        """The features of a row of the spine, with the future of its T removed."""
        at: datetime | None = row[AT]
        rows = self._rows.get(tuple(row[name] for name in self._ours))
        if at is None or rows is None:
            return plain(self._group, datetime.max.replace(tzinfo=UTC), [])
        happened = rows.head(int(rows[EVENT].search_sorted(at, side="right")))
        past = self._near(happened.filter(pl.col(AVAILABLE) <= at), at)
        return plain(self._group, at, [Past(r[0], r[1], r[2:]) for r in past.iter_rows()])

    def _near(self, past: pl.DataFrame, at: datetime) -> pl.DataFrame:
        """The past without what is too old to matter."""
        group, then = self._group, at - timedelta(seconds=self._group.lag_s)
        if isinstance(group, Window):
            return past.filter(pl.col(EVENT) >= then - timedelta(seconds=group.width_s))
        known = pl.max_horizontal(EVENT, AVAILABLE)
        seen = past.filter(known <= then if group.inclusive else known < then)
        return seen.filter(pl.col(EVENT) == pl.col(EVENT).max())


def _comparable(cells: Iterable[Any]) -> tuple[Any, ...]:
    """The cells, with NaN as something that equals itself."""
    return tuple("NaN" if cell != cell else cell for cell in cells)


def _difference(
    feature_set: FeatureSet,
    row: dict[str, Any],
    cells: tuple[Any, ...],
    ours: Counter[tuple[Any, ...]],
) -> dict[str, Any]:
    """The row, with what the table holds and what was known, of the features that differ."""
    stored = next((held for held, rows in ours.items() if rows > 0), None)
    if stored is None:
        return row | {"stored": "no such row", "known": ""}
    triples = zip(feature_set.features, stored, cells, strict=True)
    wrong = [(name, a, b) for name, a, b in triples if a != b]
    return row | {
        "stored": ", ".join(f"{name} = {a}" for name, a, _ in wrong),
        "known": ", ".join(f"{name} = {b}" for name, _, b in wrong),
    }


def _outcome(name: str, tally: _Tally) -> CheckOutcome:
    return CheckOutcome(
        name, not tally.failed, tally.failed, tally.checked, tally.sample, "error", False
    )
