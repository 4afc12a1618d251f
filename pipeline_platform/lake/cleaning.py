"""Cleaning of a table's log: entries that a later checkpoint holds are deleted."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from deltalake import DeltaTable

from pipeline_platform.lake.files import Files
from pipeline_platform.lake.log import FOLDER, HINT, checkpoint_path, entry_path
from pipeline_platform.lake.table import LakeTable

ENTRIES = 100
_STALE = timedelta(days=1)


@dataclass(frozen=True)
class CleanLog:
    """Entries of versions below `checkpoint`, which stay readable if in `keep_versions`."""

    checkpoint: int
    keep_versions: tuple[int, ...]
    leftovers: tuple[str, ...]
    entries: int

    def __str__(self) -> str:
        return f"delete {self.entries} entries of the log before version {self.checkpoint}"


def plan_cleaning(
    table: LakeTable,
    now: datetime,
    kept: timedelta,
    keep_versions: Collection[int] = (),
    entries: int = ENTRIES,
) -> list[CleanLog]:
    """The log before the last checkpoint older than `kept`, if that is so many entries."""
    logs, checkpoints, leftovers = _listed(table, now - kept, now - _STALE)
    last = max(checkpoints, default=-1)
    old = [version for version in logs if version < last]
    if len(old) < entries and not leftovers:
        return []
    kept_versions = tuple(sorted(version for version in keep_versions if version < last))
    return [CleanLog(last, kept_versions, leftovers, len(old))]


def clean_log(table: LakeTable, step: CleanLog) -> bool:
    """Delete the entries, oldest first, as `Log` promises; kept versions get a checkpoint."""
    files = Files(table.uri)
    for version in step.keep_versions:
        if files.mark(checkpoint_path(version)) is None:
            DeltaTable(table.uri, version).create_checkpoint()
    files.delete([HINT])
    logs, checkpoints, _ = _listed(table)
    files.delete(entry_path(version) for version in sorted(logs) if version < step.checkpoint)
    gone = {v for v in checkpoints if v < step.checkpoint} - set(step.keep_versions)
    files.delete(checkpoint_path(version) for version in sorted(gone))
    files.delete(step.leftovers)
    return True


def _listed(
    table: LakeTable, before: datetime | None = None, stale: datetime | None = None
) -> tuple[list[int], list[int], tuple[str, ...]]:
    """Versions of entries, of checkpoints older than `before`, and files of dead writers."""
    logs: list[int] = []
    checkpoints: list[int] = []
    leftovers: list[str] = []
    for path, _, written in Files(table.uri).listed(FOLDER):
        number, _, kind = path.removeprefix(f"{FOLDER}/").partition(".")
        if kind == "json":
            logs.append(int(number))
        elif kind == "checkpoint.parquet" and (before is None or written < before):
            checkpoints.append(int(number))
        elif kind.endswith(".tmp") and stale is not None and written < stale:
            leftovers.append(path)
    return logs, checkpoints, tuple(leftovers)
