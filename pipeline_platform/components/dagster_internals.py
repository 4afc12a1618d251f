"""The private names of Dagster that we lean on, all in one place.

Each is held by a test: the conditions by the races, the storage by the event-log laws.
"""

from dagster._core.asset_graph_view.asset_graph_view import AssetGraphView
from dagster._core.asset_graph_view.entity_subset import EntitySubset
from dagster._core.asset_graph_view.timing_metadata import TimingMetadata
from dagster._core.definitions.declarative_automation.automation_context import AutomationContext
from dagster._core.definitions.declarative_automation.operands.operands import (
    NewlyUpdatedCondition,
)
from dagster._core.definitions.declarative_automation.operands.subset_automation_condition import (
    SubsetAutomationCondition,
)
from dagster._core.instance.ref import InstanceRef
from dagster.components.core.component_tree import ComponentTree, ComponentTreeException
from dagster_shared.record import record

__all__ = [
    "AssetGraphView",
    "AutomationContext",
    "ComponentTree",
    "ComponentTreeException",
    "EntitySubset",
    "InstanceRef",
    "NewlyUpdatedCondition",
    "SubsetAutomationCondition",
    "TimingMetadata",
    "record",
]
