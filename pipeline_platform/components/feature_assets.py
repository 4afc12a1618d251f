"""The asset of a feature set, with the proofs that it keeps its spine and leaks nothing."""

from typing import TYPE_CHECKING

import dagster as dg

from pipeline_platform.components.computed import Computed, computed_definitions
from pipeline_platform.components.specs import key_of
from pipeline_platform.contracts.windows import DayWindow
from pipeline_platform.declarations.feature_declared import DeclaredFeatureSet
from pipeline_platform.declarations.resolution import Declarations

if TYPE_CHECKING:
    from pipeline_platform.models.build import Built
    from pipeline_platform.models.checks import CheckOutcome
    from pipeline_platform.wiring import Platform

PROOFS = {
    "spine_kept": "Every row of the spine is there as often as in the spine, and no other.",
    "no_leaks": "A sample computed again with the future removed gives the same values.",
}


def feature_definitions(declared: DeclaredFeatureSet, all_of: Declarations) -> dg.Definitions:
    """The feature set's asset and its checks."""
    features = declared.feature_set

    def build(window: DayWindow | None, platform: "Platform") -> "Built":
        from pipeline_platform.features.build import build

        return build(features, window, engine=platform.engine, lake=platform.lake)

    def prove(window: DayWindow | None, platform: "Platform") -> "list[CheckOutcome]":
        from pipeline_platform.features.leaks import evaluate

        return evaluate(features, window, engine=platform.engine, lake=platform.lake)

    computed = Computed(
        table=declared.table,
        inputs=features.inputs,
        checks=features.checks,
        refresh=declared.attributes.refresh,
        freshness=declared.attributes.freshness,
        build=build,
        proofs=tuple(
            dg.AssetCheckSpec(name, asset=key_of(features.table), description=said, blocking=True)
            for name, said in PROOFS.items()
        ),
        prove=prove,
    )
    return computed_definitions(computed, all_of)
