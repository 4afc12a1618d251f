"""What a run does with a view: brings it up, folds what waits, settles days."""

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Any

import dagster as dg

from pipeline_platform.components.check_results import markdown
from pipeline_platform.contracts.stream import StreamContract
from pipeline_platform.contracts.windows import contiguous
from pipeline_platform.declarations.view_declared import DeclaredView

if TYPE_CHECKING:
    from pipeline_platform.batch.change import Brought
    from pipeline_platform.views.reading import Reading, Standing
    from pipeline_platform.wiring import Platform

PREVIEW_ROWS = 10


def bring_up(declared: DeclaredView, contract: StreamContract, platform: "Platform") -> "Brought":
    """Let this definition answer: built beside the old one and swapped in, where it is new.

    A stream to which nothing has come is an empty table.
    """
    tables = platform.admission(contract).tables
    if not tables.accepted.exists():
        tables.ensure(contract)
    return platform.bring_up(declared.view)


def fold_pending(declared: DeclaredView, platform: "Platform") -> int:
    """Fold every committed epoch that the answer does not hold yet; how many rows."""
    from pipeline_platform.speed.fold import fold

    rows = 0
    while True:
        done = fold(declared.view, engine=platform.engine, lake=platform.lake)
        rows += done.rows
        if done.upto < done.first:
            return rows


def settle_days(declared: DeclaredView, days: Iterable[date], platform: "Platform") -> None:
    """Settle these days at the present cut, one contiguous window at a time."""
    from pipeline_platform.batch.settle import settle

    for window in contiguous(days):
        settle(
            declared.view,
            window,
            engine=platform.engine,
            lake=platform.lake,
            clock=platform.clock,
        )
    if not platform.lake.table(declared.view.batch).exists():
        write_settled(declared, platform)


def write_settled(declared: DeclaredView, platform: "Platform") -> None:
    """Write the settled answer from what is settled already."""
    from pipeline_platform.views.settled import write_settled

    held = _reading(declared, platform)
    write_settled(held.live, held.held, engine=platform.engine, lake=platform.lake)


def standing_of(declared: DeclaredView, platform: "Platform") -> "Standing":
    """How far the view has come, without reading a row."""
    return _reading(declared, platform).standing


def looked_at(declared: DeclaredView, platform: "Platform") -> "tuple[Standing, dict[str, Any]]":
    """How far the view has come, with the count and the first rows of its answer."""
    held, engine, where = _reading(declared, platform), platform.engine, str(declared.view.table)
    names = ", ".join(f"`{column.name}`" for column in declared.view.columns)
    with held.shown(engine) as answer:
        count = engine.collect(engine.sql(f"SELECT count(*) AS n FROM {answer}", where=where))
        first = f"SELECT {names} FROM {answer} LIMIT {PREVIEW_ROWS}"
        rows = engine.collect(engine.sql(first, where=where)).to_pylist()
    personal = {column.name for column in declared.view.columns if column.personal}
    return held.standing, {
        "dagster/row_count": count.column("n")[0].as_py(),
        "preview": dg.MetadataValue.md(markdown(rows, personal)),
    }


def _reading(declared: DeclaredView, platform: "Platform") -> "Reading":
    from pipeline_platform.views.reading import reading

    return reading(platform.lake, declared.view.name)
