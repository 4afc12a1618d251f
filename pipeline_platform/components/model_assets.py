"""The asset of a model: its SQL or Python, its checks, its chart."""

from typing import TYPE_CHECKING, Any

import dagster as dg

from pipeline_platform.components.chart_metadata import drawn
from pipeline_platform.components.computed import Computed, computed_definitions
from pipeline_platform.contracts.windows import DayWindow
from pipeline_platform.declarations.model_declared import DeclaredModel
from pipeline_platform.declarations.resolution import Declarations

if TYPE_CHECKING:
    from pipeline_platform.models.build import Built
    from pipeline_platform.wiring import Platform


def model_definitions(declared: DeclaredModel, all_of: Declarations) -> dg.Definitions:
    """The model's asset and its checks."""
    model = declared.model

    def build(window: DayWindow | None, platform: "Platform") -> "Built":
        from pipeline_platform.models.build import build

        return build(model, window, engine=platform.engine, lake=platform.lake)

    def show(platform: "Platform") -> dict[str, Any]:
        return drawn(declared.chart, declared.table, platform) if declared.chart else {}

    computed = Computed(
        table=declared.table,
        inputs=model.inputs,
        checks=model.checks,
        refresh=declared.attributes.refresh,
        freshness=declared.attributes.freshness,
        build=build,
        show=show,
    )
    return computed_definitions(computed, all_of)
