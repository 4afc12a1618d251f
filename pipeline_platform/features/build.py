"""Builds a feature set: tables held, joined slab by slab, one window replaced."""

from collections.abc import Iterator, Mapping
from functools import partial

import pyarrow as pa

from pipeline_platform.contracts.features import FeatureSet, check_feature_set
from pipeline_platform.contracts.windows import DayWindow
from pipeline_platform.engine.engine import Engine
from pipeline_platform.features.kernel import features
from pipeline_platform.features.sources import Sources, day_slabs
from pipeline_platform.lake.lake import Lake
from pipeline_platform.lake.schema import arrow_schema
from pipeline_platform.models.build import Built, publish
from pipeline_platform.models.conformity import check_columns
from pipeline_platform.models.pins import Pins

SLAB_ROWS = 2_000_000


def build(
    feature_set: FeatureSet,
    window: DayWindow | None,
    *,
    engine: Engine,
    lake: Lake,
    slab_rows: int = SLAB_ROWS,
) -> Built:
    """Compute the features of the spine's rows in `window`; let them be all rows there.

    `window` is None exactly for a set without partitions. Every table is read at one
    version; days are worked on together as long as they have `slab_rows` rows in all tables.
    Raises as `models.build.build`, and DeclarationError for instants that are no timestamps
    and keys that can never be equal.
    """
    check_feature_set(feature_set)
    rows = partial(_batches, feature_set, window, engine, slab_rows)
    return publish(feature_set, window, rows, engine=engine, lake=lake)


def over_views(
    feature_set: FeatureSet, window: DayWindow | None, views: Mapping[str, str], *, engine: Engine
) -> pa.Table:
    """The rows of the feature set in `window`, by the engine's views named for its tables.

    Nothing is written. Raises DeclarationError as `build` does.
    """
    check_feature_set(feature_set)
    sources = Sources(feature_set, views, {}, engine)
    check_columns(feature_set.columns, sources.check(), str(feature_set.table))
    return _computed(feature_set, sources, window)


def _batches(
    feature_set: FeatureSet, window: DayWindow | None, engine: Engine, slab_rows: int, pins: Pins
) -> Iterator[pa.RecordBatch]:
    sources = Sources.pinned(feature_set, pins, engine)
    check_columns(feature_set.columns, sources.check(), str(feature_set.table))
    slabs = day_slabs(feature_set, pins, window, slab_rows)
    tables = (_computed(feature_set, sources, days) for days in slabs)
    return (batch for table in tables for batch in table.to_batches())


def _computed(feature_set: FeatureSet, sources: Sources, days: DayWindow | None) -> pa.Table:
    rows = sources.read(days)
    found = features(rows.spine, rows.sources, feature_set.groups)
    schema = arrow_schema((c.name, c.type, True) for c in feature_set.columns)
    return rows.spine.select(feature_set.spine.columns).hstack(found).to_arrow().cast(schema)
