"""The private names of Dagster that the command leans on, all in one place."""

from dagster._core.definitions.assets.graph.asset_graph import AssetGraph
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.definitions.partitions.context import partition_loading_context
from dagster._core.errors import DagsterExecutionInterruptedError
from dagster._core.execution.api import execute_run_iterator
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_END_TAG,
    ASSET_PARTITION_RANGE_START_TAG,
)
from dagster._core.workspace.autodiscovery import loadable_targets_from_loaded_module
from dagster.components.definitions import LazyDefinitions

__all__ = [
    "ASSET_PARTITION_RANGE_END_TAG",
    "ASSET_PARTITION_RANGE_START_TAG",
    "AssetGraph",
    "DagsterExecutionInterruptedError",
    "InMemoryJob",
    "LazyDefinitions",
    "execute_run_iterator",
    "loadable_targets_from_loaded_module",
    "partition_loading_context",
]
