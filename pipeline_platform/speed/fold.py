"""Folds new epochs into the states of a live view."""

import sys
from collections.abc import Callable

from pipeline_platform.contracts.views import View
from pipeline_platform.engine.engine import Engine
from pipeline_platform.lake.lake import Lake
from pipeline_platform.lake.upkeep import Policy, keep
from pipeline_platform.ports.clock import Clock
from pipeline_platform.views.compaction import Compacted
from pipeline_platform.views.folding import MOST_ROWS, Folded, fold_into
from pipeline_platform.views.live import require_live
from pipeline_platform.views.pins import Pins
from pipeline_platform.views.states import States

Report = Callable[[Folded], None]
__all__ = ["MOST_ROWS", "Folded", "Report", "clean", "compact", "fold"]


def fold(
    view: View,
    *,
    engine: Engine,
    lake: Lake,
    most_rows: int = MOST_ROWS,
    report: Report | None = None,
) -> Folded:
    """One fold of what is committed and not in, into the states that are live.

    The definition that is live is folded, whatever `view` says of itself: a changed one
    goes live by `bring_up`. At most about `most_rows` accepted rows, but a whole epoch at
    least; call it again while `rows` is not 0. Raises CommitConflict when nothing is live,
    or when what is live has to be brought up anew or is being swapped. `report` hears the result.
    """
    now = require_live(lake, view.name)
    states = States(now.view, now.generation, lake)
    accepted = lake.table(now.view.source).snapshot()
    folded = fold_into(states, now.number, accepted, engine=engine, most_rows=most_rows)
    if report is not None:
        report(folded)
    return folded


def clean(view: View, *, lake: Lake, clock: Clock) -> list[str]:
    """Old files and old log of the states that are live go; what was done. Pins stay readable.

    Pinned rows of dimensions stay, in few files.
    """
    now = require_live(lake, view.name)
    table, dimensions = lake.table(now.states), map(now.view.pinned, now.view.split.pinned)
    pinned, own = Pins(table.uri).versions(clock()), Policy(files=sys.maxsize)
    said = keep(table, clock(), pinned, own)
    return said + [one for name in dimensions for one in keep(lake.table(name), clock())]


def compact(view: View, *, engine: Engine, lake: Lake, clock: Clock) -> Compacted:
    """Make few files of the many that folds leave in the states that are live."""
    now = require_live(lake, view.name)
    return States(now.view, now.generation, lake).compact(engine, at=clock())
