"""Data files of a table in another lake become a table's own, without being copied."""

import json
import os
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from pipeline_platform.lake.files import Files
from pipeline_platform.lake.snapshot import Snapshot
from pipeline_platform.lake.table import LakeTable
from pipeline_platform.lake.writer import StagedFile


def adopted(
    held: Snapshot, table: LakeTable, app: str, after: int | None = None
) -> list[StagedFile]:
    """The files of `held`, linked into the folder of `table`, as staged for it.

    Those of commits that carry a version of the application `app` later than `after` (None:
    of all commits). `held` must only ever have been appended to, and its log be whole. Both
    lie in local folders; where a link is not possible the file is copied.
    """
    staged = list(_staged(held, app, after))
    files = Files(table.uri)
    for file in staged:
        _link(Path(held.uri) / file.path, Path(files.uri(file.path)))
    if staged:
        files.sync_folders(file.path for file in staged)
    return staged


def _staged(held: Snapshot, app: str, after: int | None) -> Iterator[StagedFile]:
    for version in range(held.version + 1):
        entry = Files(held.uri).read(f"_delta_log/{version:020}.json") or b""
        actions = [json.loads(line) for line in entry.splitlines()]
        noted = [a["txn"]["version"] for a in actions if a.get("txn", {}).get("appId") == app]
        if after is None or any(number > after for number in noted):
            yield from (_file(held, action["add"]) for action in actions if "add" in action)


def _file(held: Snapshot, add: dict[str, Any]) -> StagedFile:
    day = add["partitionValues"].get(held.partition_by) if held.partition_by else None
    return StagedFile(
        unquote(add["path"]),
        add["size"],
        date.fromisoformat(day) if day else None,
        json.loads(add["stats"])["numRecords"],
        add["stats"],
        held.schema,
    )


def _link(source: Path, target: Path) -> None:
    """(A link has the age of its file; vacuum must not take it for one long forgotten.)"""
    target.parent.mkdir(parents=True, exist_ok=True)
    os.utime(source)
    try:
        os.link(source, target)
    except FileExistsError:
        return
    except OSError:
        _copy(source, target)


def _copy(source: Path, target: Path) -> None:
    part = target.with_name(f".{target.name}.part")
    shutil.copyfile(source, part)
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.replace(target)
