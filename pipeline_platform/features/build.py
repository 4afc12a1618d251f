"""Builds a feature set: spine and sources read, joined by both clocks, one window replaced."""

from pipeline_platform.contracts.features import FeatureSet
from pipeline_platform.contracts.windows import DayWindow
from pipeline_platform.engine.engine import Engine
from pipeline_platform.lake.lake import Lake
from pipeline_platform.models.build import Built


def build(
    feature_set: FeatureSet, window: DayWindow | None, *, engine: Engine, lake: Lake
) -> Built:
    """Compute the features of the spine's rows in `window`; let them be all rows there."""
    raise NotImplementedError
