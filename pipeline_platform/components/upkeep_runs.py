"""Upkeep of a project's tables: what is due is done, what somebody else changed is left."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from pipeline_platform.components.view_runs import settle_days, standing_of
from pipeline_platform.contracts.names import TableName
from pipeline_platform.declarations.resolution import Declarations
from pipeline_platform.declarations.view_declared import DeclaredView
from pipeline_platform.errors import Retry

if TYPE_CHECKING:
    from pipeline_platform.lake.table import LakeTable
    from pipeline_platform.wiring import Platform

REBUILT = timedelta(days=7)  # how long old versions of rebuilt tables stay
UNUSED = timedelta(days=1)  # how long states that do not answer stay after their last commit
UNPINNED = timedelta(days=30)  # the same of pinned rows, which nothing can bring back
Step = tuple[TableName, Callable[[], list[str]]]


@dataclass(frozen=True)
class Kept:
    """What was done to one table, in words."""

    table: str
    done: str


def keep_tables(declared: Declarations, platform: "Platform") -> list[Kept]:
    """Merge small files, delete old ones, clean logs, remove states that no longer answer.

    Feature sets are left alone: training sets are taken of their old versions again. A
    table that another process changed meanwhile is left to the next time.
    """
    found: list[Kept] = []
    for table, step in _steps(declared, platform):
        try:
            said = step()
        except Retry as error:
            said = [f"left to the next time: {error.what}"]
        found += [Kept(str(table), one) for one in said]
    return found


def settle_late(declared: DeclaredView, platform: "Platform") -> list[date]:
    """Settle the days before today to which rows came after their cut; these days."""
    from pipeline_platform.views.live import live

    if declared.batch is None or live(platform.lake, declared.view.name) is None:
        return []
    today = platform.clock().date()
    late = standing_of(declared, platform).late
    days = sorted(day for day, rows in late.items() if rows and day < today)
    if days:
        settle_days(declared, days, platform)
    return days


def _steps(declared: Declarations, platform: "Platform") -> Iterator[Step]:
    from pipeline_platform.lake.upkeep import keep

    lake, now = platform.lake, platform.clock()
    for stream in declared.streams.values():
        own = stream.contract
        for name in (own.ledger, own.accounting, own.accepted, own.refused):
            yield name, partial(keep, lake.table(name), now)
    for view in declared.views.values():
        yield from _view_steps(view, platform, now)
    rebuilt = [t.name for s in declared.source_tables.values() for t in s.tables]
    for name in (*rebuilt, *(model.model.table for model in declared.models.values())):
        yield name, partial(_old_files, lake.table(name), now, REBUILT)


def _view_steps(declared: DeclaredView, platform: "Platform", now: datetime) -> Iterator[Step]:
    from pipeline_platform.lake.upkeep import keep
    from pipeline_platform.views.live import live

    view, lake = declared.view, platform.lake
    held = live(lake, view.name)
    if held is None:
        return
    yield held.states, partial(_states, declared, platform)
    yield view.live, partial(keep, lake.table(view.live), now)
    yield view.batch, partial(_old_files, lake.table(view.batch), now, REBUILT)
    pinned = {one.pinned(table) for one in (view, held.view) for table in one.split.pinned}
    used = {held.states, view.states(held.generation), *pinned}
    for name in lake.names():
        if name.layer == "serving" and name not in used:
            if name.name.startswith(f"{view.name}__states_"):
                yield name, partial(_unused, lake.table(name), now - UNUSED, "states", now)
            if name.name.startswith(f"{view.name}__pinned_"):
                yield name, partial(_unused, lake.table(name), now - UNPINNED, "pinned rows", now)


def _old_files(table: "LakeTable", now: datetime, kept: timedelta) -> list[str]:
    """Files of old versions alone: the log says what others read back."""
    from pipeline_platform.lake.vacuum import plan_vacuum, vacuum

    if not table.exists():
        return []
    return [str(step) for step in plan_vacuum(table, now, kept) if vacuum(table, step)]


def _states(declared: DeclaredView, platform: "Platform") -> list[str]:
    """States are merged by their own merge; versions that a reader has pinned stay.

    Pinned dimensions are kept with them.
    """
    from pipeline_platform.speed.fold import clean, compact

    made = compact(declared.view, engine=platform.engine, lake=platform.lake, clock=platform.clock)
    said = [f"merge {made.before} files of states into {made.after}"] if made.before else []
    return said + clean(declared.view, lake=platform.lake, clock=platform.clock)


def _unused(table: "LakeTable", before: datetime, what: str, now: datetime) -> list[str]:
    """What another definition or generation left, once nobody writes or reads it."""
    from pipeline_platform.lake.removal import remove, written
    from pipeline_platform.views.pins import Pins

    if written(table) > before or Pins(table.uri).versions(now):
        return []
    return [f"remove {what} that no longer answer ({remove(table):,} bytes)"]
