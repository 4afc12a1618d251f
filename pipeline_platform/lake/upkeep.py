"""Upkeep of a table: what to do is a value, which one reader runs and another prints."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipeline_platform.lake.cleaning import ENTRIES, CleanLog, clean_log, plan_cleaning
from pipeline_platform.lake.compaction import FILES, Compact, compact, plan_compaction
from pipeline_platform.lake.table import LakeTable
from pipeline_platform.lake.tuning import Tune, plan_tuning, tune
from pipeline_platform.lake.vacuum import Delete, plan_vacuum, vacuum

Step = Tune | Compact | Delete | CleanLog


@dataclass(frozen=True)
class Policy:
    """From how many small files on they are merged; how long old files and log stay.

    `files_kept` is how long a reader may hold a version that nobody pinned, `log_kept` how
    long after it another reader can open it by its number.
    """

    files: int = FILES
    files_kept: timedelta = timedelta(hours=1)
    log_kept: timedelta = timedelta(minutes=15)
    entries: int = ENTRIES


POLICY = Policy()


def plan_upkeep(
    table: LakeTable,
    now: datetime,
    keep_versions: Collection[int] = (),
    policy: Policy = POLICY,
) -> list[Step]:
    """All that is due: properties, compaction, then old files, then the log.

    `keep_versions` (pins) stay readable. Only for tables whose log is no record that others
    read back (builds of models and feature sets say in it what they read).
    """
    if not table.exists():
        return []
    newest = table.snapshot()
    return [
        *plan_tuning(newest, policy.files_kept),
        *plan_compaction(newest, policy.files),
        *plan_vacuum(table, now, policy.files_kept, keep_versions),
        *plan_cleaning(table, now, policy.log_kept, keep_versions, policy.entries),
    ]


def keep(
    table: LakeTable,
    now: datetime,
    keep_versions: Collection[int] = (),
    policy: Policy = POLICY,
) -> list[str]:
    """Do all that is due of the table; what was done, in words."""
    steps = plan_upkeep(table, now, keep_versions, policy)
    return [str(step) for step in steps if run(table, step)]


def make_busy(table: LakeTable) -> None:
    """Give the table the properties for many commits a second: a checkpoint takes 30 ms."""
    for step in plan_tuning(table.snapshot(), POLICY.files_kept):
        tune(table, step)


def run(table: LakeTable, step: Step) -> bool:
    """Do one step; False when another process had changed what it speaks of."""
    if isinstance(step, Tune):
        return tune(table, step)
    if isinstance(step, Compact):
        return compact(table, step)
    if isinstance(step, Delete):
        return vacuum(table, step)
    return clean_log(table, step)
