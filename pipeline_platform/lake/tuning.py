"""Properties of a table that takes many commits a second."""

from dataclasses import dataclass
from datetime import timedelta

from deltalake import CommitProperties, DeltaTable, PostCommitHookProperties
from deltalake.exceptions import CommitFailedError

from pipeline_platform.lake.files import Files
from pipeline_platform.lake.log import HINT
from pipeline_platform.lake.snapshot import Snapshot
from pipeline_platform.lake.table import LakeTable

_CHECKPOINT_INTERVAL = 50


@dataclass(frozen=True)
class Tune:
    """Properties to set, by Delta's names."""

    properties: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return "set " + ", ".join(f"{name} = {value}" for name, value in self.properties)


def plan_tuning(snapshot: Snapshot, files_kept: timedelta) -> list[Tune]:
    """The properties that the table lacks.

    A checkpoint repeats what was taken out for the retention of deleted files, by default a
    week: millions of lines at 10 commits a second. It must outlast `files_kept`, as vacuum
    reads there when a file was taken out.
    """
    wanted = {
        "delta.checkpointInterval": f"{_CHECKPOINT_INTERVAL}",
        "delta.deletedFileRetentionDuration": f"interval {_seconds(files_kept)} seconds",
        "delta.enableExpiredLogCleanup": "false",
    }
    missing = wanted.items() - snapshot.base.configuration.items()
    return [Tune(tuple(sorted(missing)))] if missing else []


def tune(table: LakeTable, step: Tune) -> bool:
    """Set them; False when another writer was faster. (Of the hint see `LakeTable`.)"""
    try:
        DeltaTable(table.uri).alter.set_table_properties(
            dict(step.properties),
            commit_properties=CommitProperties(max_commit_retries=0),
            post_commithook_properties=PostCommitHookProperties(cleanup_expired_logs=False),
        )
    except CommitFailedError:
        return False
    finally:
        Files(table.uri).delete([HINT])
    return True


def _seconds(files_kept: timedelta) -> int:
    return int((2 * files_kept + timedelta(hours=1)).total_seconds())
