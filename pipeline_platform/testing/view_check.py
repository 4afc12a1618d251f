"""Holds a view to its own SQL over generated rows, in the user's tests."""

from pathlib import Path

from pipeline_platform.contracts.views import DimensionTable
from pipeline_platform.testing.bench import Bench, plain
from pipeline_platform.testing.sources import GivenRows, source
from pipeline_platform.testing.table import table
from pipeline_platform.testing.view_run import declared_view
from pipeline_platform.views import check


@plain
def check_view(
    folder: str | Path,
    rows: "GivenRows | None" = None,
    *,
    rounds: int = 10,
    seed: int = 0,
    engine: str = "sail",
    name: str = "",
) -> None:
    """AssertionError where the view that `folder` declares answers otherwise than its own SQL.

    Rows of the stream are made from `seed`, so often as there are `rounds`: with NULLs,
    extreme values, days and changes of clocks, and what the SQL compares with. They are cut
    into epochs and merged in random orders. Columns of `rows` take the values given there
    instead, which helps where the SQL fails over others. The message shows few rows on which
    the two answers part.
    """
    declared, view = declared_view(folder, name)
    keys = declared.keys()
    given = source(rows, "rows") if rows is not None else None
    found = check.check_view(
        view.view,
        declared.tables[view.stream].types,
        Bench(engine).engine,
        dimensions={
            joined: DimensionTable(dict(declared.tables[joined].types), keys.get(joined, ()))
            for joined in view.dimensions
        },
        rounds=rounds,
        seed=seed,
        samples={column: given.values(column) for column in given.columns} if given else {},
    )
    if found is not None:
        raise AssertionError("\n".join([f"{found.view}: {found}", *_shown(found)]))


def _shown(found: check.Difference) -> list[str]:
    columns = list(found.rows[0]) if found.rows else []
    return ["rows of the stream:", *(f"  {line}" for line in table(columns, found.rows))]
