"""The private names of Dagster's instance storage, loaded only by who opens it."""

from dagster._config import StringSource
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluationPlanned,
)
from dagster._core.storage.event_log import ConsolidatedSqliteEventLogStorage
from dagster._core.storage.local_compute_log_manager import LocalComputeLogManager
from dagster._core.storage.runs.sqlite.sqlite_run_storage import SqliteRunStorage
from dagster._core.storage.schedules.sqlite.sqlite_schedule_storage import SqliteScheduleStorage
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from dagster._serdes import ConfigurableClassData

__all__ = [
    "AssetCheckEvaluationPlanned",
    "ConfigurableClassData",
    "ConsolidatedSqliteEventLogStorage",
    "DagsterSqliteStorage",
    "LocalComputeLogManager",
    "SqliteRunStorage",
    "SqliteScheduleStorage",
    "StringSource",
]
