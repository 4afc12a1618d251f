"""Data files of a table in another lake become a table's own, without being copied."""

import json
import os
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from urllib.parse import unquote

from pipeline_platform.lake.files import Files
from pipeline_platform.lake.snapshot import Snapshot
from pipeline_platform.lake.table import LakeTable
from pipeline_platform.lake.writer import StagedFile


def adopted(held: Snapshot, table: LakeTable) -> list[StagedFile]:
    """The files of `held`, linked into the folder of `table`, as staged for it.

    Files that the table names already are left out. `held` must only ever have been
    appended to, and its log be whole. Both lie in local folders; where a link is not
    possible the file is copied.
    """
    known = table.snapshot().paths(None)
    staged = [file for file in _staged(held) if file.path not in known]
    files = Files(table.uri)
    for file in staged:
        _link(Path(held.uri) / file.path, Path(files.uri(file.path)))
    if staged:
        files.sync_folders(file.path for file in staged)
    return staged


def _staged(held: Snapshot) -> Iterator[StagedFile]:
    schema, by = held.schema, held.partition_by
    for version in range(held.version + 1):
        entry = Files(held.uri).read(f"_delta_log/{version:020}.json") or b""
        for line in entry.splitlines():
            add = json.loads(line).get("add")
            if add is not None:
                day = add["partitionValues"].get(by) if by else None
                statistics = add["stats"]
                yield StagedFile(
                    unquote(add["path"]),
                    add["size"],
                    date.fromisoformat(day) if day else None,
                    json.loads(statistics)["numRecords"],
                    statistics,
                    schema,
                )


def _link(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
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
