"""Vacuum: files that no version within reach names are deleted."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

import polars as pl

from pipeline_platform.lake.files import Files
from pipeline_platform.lake.log import FOLDER, Log, checkpoint_path
from pipeline_platform.lake.table import LakeTable

ORPHANED = timedelta(days=1)


@dataclass(frozen=True)
class Delete:
    """Files that no kept version names, with their bytes together."""

    files: tuple[str, ...]
    size: int

    def __str__(self) -> str:
        return f"delete {len(self.files)} files that no kept version names ({self.size:,} bytes)"


def plan_vacuum(
    table: LakeTable, now: datetime, kept: timedelta, keep_versions: Collection[int] = ()
) -> list[Delete]:
    """Files taken out by a commit more than `kept` ago, and those that no commit knows.

    The latter were staged by writers that died, or taken out so long ago that the log forgot
    it; they go when they are older than a day. Nothing younger than `kept` goes, nor what
    one of `keep_versions` names.
    """
    newest = table.snapshot()
    taken_out = _taken_out(table, newest.version)
    held = [newest, *(table.snapshot(version) for version in keep_versions)]
    named = {unquote(path) for snapshot in held for path in snapshot.paths(None)}
    orphaned = max(kept, ORPHANED)

    def is_old(path: str, written: datetime) -> bool:
        if path not in taken_out:
            return written < now - orphaned
        return max(written, taken_out[path]) < now - kept

    found = {
        path: size
        for path, size, written in Files(table.uri).listed()
        if path.endswith(".parquet") and not path.startswith(FOLDER)
        if path not in named and is_old(path, written)
    }
    return [Delete(tuple(sorted(found)), sum(found.values()))] if found else []


def vacuum(table: LakeTable, step: Delete) -> bool:
    """Delete the files; those already gone are passed over."""
    Files(table.uri).delete(step.files)
    return True


def _taken_out(table: LakeTable, newest: int) -> dict[str, datetime]:
    """When files were taken out, as far as the last checkpoint and the log after it know."""
    last = max(Log(table.uri).checkpoints(newest), default=-1)
    times = _in_checkpoint(table, last) if last >= 0 else {}
    log = Log(table.uri)
    for version in range(last + 1, newest + 1):
        entry = log.read(version)
        for removed in entry.of("remove") if entry else ():
            times[unquote(removed["path"])] = removed["deletionTimestamp"]
    return {path: datetime.fromtimestamp(at / 1000, UTC) for path, at in times.items()}


def _in_checkpoint(table: LakeTable, version: int) -> dict[str, int]:
    held = pl.scan_parquet(Files(table.uri).uri(checkpoint_path(version))).select("remove")
    removed = held.select(
        pl.col("remove").struct.field("path"), pl.col("remove").struct.field("deletionTimestamp")
    )
    rows = removed.filter(pl.col("path").is_not_null()).collect().iter_rows()
    return {unquote(path): at or 0 for path, at in rows}
