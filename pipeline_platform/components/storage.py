"""Dagster's own storage below the platform's home, quick on one disk."""

import os
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import sqlalchemy as db
from dagster_shared.error import DagsterError

from pipeline_platform.components.storage_internals import (
    AssetCheckEvaluationPlanned,
    ConfigurableClassData,
    ConsolidatedSqliteEventLogStorage,
    DagsterSqliteStorage,
    LocalComputeLogManager,
    SqliteRunStorage,
    SqliteScheduleStorage,
    StringSource,
)
from pipeline_platform.settings import dagster_defaults, from_environment

_FILE = "event_log.db"
STORAGE_ERRORS = (db.exc.SQLAlchemyError, DagsterError, OSError)
"""What a storage that is locked, full or away may raise."""


def _home() -> str:
    return str(from_environment().home / "dagster")


class EventLog(ConsolidatedSqliteEventLogStorage):
    """SQLite event log with one engine, unflushed commits and whole batches.

    A killed process loses no committed event; a power cut may lose the newest ones, never
    the file. The lake does not depend on it.
    """

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._held = threading.local()
        self._tables: dict[str, bool] = {}
        path = Path(base_dir).absolute() / _FILE
        self._engine = db.create_engine(f"sqlite:///{path}", connect_args={"timeout": 30})
        db.event.listen(self._engine, "connect", _unflushed)
        super().__init__(base_dir, inst_data)

    def _init_db(self) -> None:
        """Create the file aside and link it, so that a kill leaves none or a whole one."""
        Path(self._base_dir).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._base_dir, prefix=".new") as aside:
            ConsolidatedSqliteEventLogStorage(aside)
            try:
                os.link(Path(aside) / _FILE, Path(self._base_dir) / _FILE)
            except FileExistsError:
                return

    @contextmanager
    def _connect(self) -> Iterator[db.Connection]:
        held = getattr(self._held, "connection", None)
        if held is not None:
            yield held
            return
        with self._engine.begin() as connection:
            yield connection

    def has_table(self, table_name: str) -> bool:
        """Whether the table exists; asked once per process."""
        if not self._tables.get(table_name):
            with self._connect() as connection:
                self._tables[table_name] = db.inspect(connection).has_table(table_name)
        return self._tables[table_name]

    def store_event(self, event: dg.EventLogEntry) -> None:
        """Store one event; a planned check without days, as its evaluation has none.

        Dagster plans a check for each day of a run, and nothing would ever end those.
        """
        step = event.dagster_event
        planned = step.event_specific_data if step else None
        if step and isinstance(planned, AssetCheckEvaluationPlanned) and planned.partitions_subset:
            bare = AssetCheckEvaluationPlanned(
                asset_key=planned.asset_key, check_name=planned.check_name
            )
            event = event._replace(dagster_event=step._replace(event_specific_data=bare))
        super().store_event(event)

    def store_event_batch(self, events: Sequence[dg.EventLogEntry]) -> None:
        """Store all events in one transaction."""
        with self._connect() as connection:
            self._held.connection = connection
            try:
                for event in events:
                    self.store_event(event)
            finally:
                self._held.connection = None

    def dispose(self) -> None:
        """Close what is open."""
        super().dispose()  # type: ignore[no-untyped-call]
        self._engine.dispose()


def _unflushed(connection: Any, _: Any) -> None:
    connection.execute("PRAGMA synchronous=NORMAL")


class Storage(DagsterSqliteStorage):
    """Runs, events and schedules under `<home>/dagster`, wherever home is."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        dagster_defaults()
        self.base_dir, self._inst_data = base_dir, inst_data
        below = Path(base_dir)
        self._run_storage = SqliteRunStorage.from_local(str(below / "runs"))
        self._event_log_storage = EventLog(str(below / "events"))  # type: ignore[assignment]
        self._schedule_storage = SqliteScheduleStorage.from_local(str(below / "schedules"))

    @classmethod
    def config_type(cls) -> Any:
        """`base_dir` may be left out."""
        return {"base_dir": dg.Field(StringSource, is_required=False)}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData, config_value: Mapping[str, Any]
    ) -> "Storage":
        """The storage that dagster.yaml names."""
        return cls(config_value.get("base_dir") or _home(), inst_data)


class ComputeLogs(LocalComputeLogManager):
    """Captured output of runs under `<home>/dagster/logs`."""

    @classmethod
    def config_type(cls) -> Any:
        """Nothing to configure."""
        return {}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "ComputeLogs":
        """The manager that dagster.yaml names."""
        return cls(base_dir=str(Path(_home()) / "logs"), inst_data=inst_data)
