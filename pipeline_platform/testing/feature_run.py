"""Runs a feature set over given rows."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from pipeline_platform.contracts.features import FeatureSet
from pipeline_platform.contracts.windows import DayWindow
from pipeline_platform.declarations.feature_attributes import FeatureSetAttributes
from pipeline_platform.declarations.feature_declared import DeclaredFeatureSet, declare_features
from pipeline_platform.declarations.feature_source import FeatureSource
from pipeline_platform.declarations.resolution import Declarations
from pipeline_platform.features.build import build
from pipeline_platform.models.checks import CheckOutcome
from pipeline_platform.testing.bench import Bench, plain
from pipeline_platform.testing.derived_run import DerivedRun, Tested, run_derived
from pipeline_platform.testing.given import words
from pipeline_platform.testing.project import declared_in, project
from pipeline_platform.testing.sources import GivenRows
from pipeline_platform.testing.undeclared import Schemas, undeclared


@plain
def run_feature_set(
    folder: str | Path,
    tables: Mapping[str, GivenRows],
    *,
    start: date | str | None = None,
    end: date | str | None = None,
    schemas: Schemas | None = None,
    engine: str = "sail",
    name: str = "",
) -> DerivedRun:
    """Build the feature set that `folder` declares from the rows of `tables`; its rows.

    `tables` gives the spine's rows and those of every group's table; all arguments are those
    of `run_model`. The checks of the result hold `spine_kept` and `no_leaks` as well.
    """
    source = FeatureSource.of(*declared_in(folder, FeatureSetAttributes, name))
    declared = project(folder)
    if declared is None:
        declared = Declarations(tables=undeclared(tables, schemas or {}))
        features = declare_features(source, declared.tables).with_checks(declared.tables)
    else:
        features = declared.feature_sets[str(source.table)]
    return run_derived(_tested(features, declared), tables, start, end, engine)


def _tested(declared_set: DeclaredFeatureSet, declared: Declarations) -> Tested:
    features = declared_set.feature_set

    def built(window: DayWindow | None, bench: Bench) -> object:
        return build(features, window, engine=bench.engine, lake=bench.lake)

    def proven(window: DayWindow | None, bench: Bench) -> list[CheckOutcome]:
        from pipeline_platform.features.leaks import evaluate

        return evaluate(features, window, engine=bench.engine, lake=bench.lake)

    return Tested(features, features.checks, declared, words(_expressions(features)), built, proven)


def _expressions(features: FeatureSet) -> str:
    """All expressions of the feature set, one after the other."""
    spine = features.spine
    texts = [spine.at, spine.where, *spine.columns]
    for group in features.groups:
        texts += [text for pair in group.keys for text in pair]
        texts += [group.event_ts, group.available_at]
        texts += [text for _, text in group.outputs if text != "*"]
    return "\n".join(texts)
