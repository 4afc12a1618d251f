"""Vacuum: files that no version within reach names are deleted."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipeline_platform.lake.files import Files
from pipeline_platform.lake.log import FOLDER, Log
from pipeline_platform.lake.table import LakeTable

ORPHANED = timedelta(days=1)


@dataclass(frozen=True)
class Delete:
    """Files that no kept version names, with their bytes together."""

    files: tuple[str, ...]
    size: int

    def __str__(self) -> str:
        return f"delete {len(self.files)} files that no kept version names ({self.size:,} bytes)"


@dataclass(frozen=True)
class _Removed:
    """Paths that commits took out; `whole`: the log reached back as far as asked."""

    recently: frozenset[str]
    before: frozenset[str]
    whole: bool


def plan_vacuum(
    table: LakeTable, now: datetime, kept: timedelta, keep_versions: Collection[int] = ()
) -> list[Delete]:
    """Files taken out by a commit more than `kept` ago, and those that no commit knows.

    The latter were staged by writers that died, or taken out so long ago that the log forgot
    it; they go when they are older than a day. Nothing younger than `kept` goes, nor what
    one of `keep_versions` names. Empty when the log does not reach back so far.
    """
    newest = table.snapshot()
    removed = _removed(Log(table.uri), newest.version, now - kept)
    if not removed.whole:
        return []
    named = set(newest.paths(None)) | removed.recently
    for version in keep_versions:
        named |= table.snapshot(version).paths(None)
    found = [
        (path, size)
        for path, size, written in Files(table.uri).listed()
        if path.endswith(".parquet")
        and not path.startswith(FOLDER)
        and path not in named
        and written < now - (kept if path in removed.before else max(kept, ORPHANED))
    ]
    files = tuple(sorted(path for path, _ in found))
    return [Delete(files, sum(size for _, size in found))] if files else []


def vacuum(table: LakeTable, step: Delete) -> bool:
    """Delete the files; those already gone are passed over."""
    Files(table.uri).delete(step.files)
    return True


def _removed(log: Log, newest: int, since: datetime) -> _Removed:
    recently: set[str] = set()
    before: set[str] = set()
    reached = False
    for version in range(newest, -1, -1):
        entry = log.read(version)
        if entry is None:
            break
        reached = reached or version == 0 or entry.at < since
        (before if entry.at < since else recently).update(r["path"] for r in entry.of("remove"))
    return _Removed(frozenset(recently), frozenset(before), reached)
