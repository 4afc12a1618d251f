"""A view's answer from the lake: all of it, or only groups that events have changed."""

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from pipeline_platform.contracts.names import EPOCH
from pipeline_platform.contracts.views import STATES
from pipeline_platform.engine.engine import Engine
from pipeline_platform.models.pins import pinned
from pipeline_platform.serving.answers import About
from pipeline_platform.serving.held import HeldRows
from pipeline_platform.sql.tables import substitute_tables
from pipeline_platform.views.reading import Reading
from pipeline_platform.views.relations import new_name

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

_MANY = 50_000  # changed groups from which on reading everything costs no more
_STORED = 4  # bytes in memory for a byte of Parquet, about


def stored_bytes(reading: Reading) -> int:
    """About how much memory the answer takes, from the sizes of the files of its states."""
    files = reading.held.snapshot.files
    return _STORED * int(files["size_bytes"].sum()) if files.height else 0


def whole(about: About, reading: Reading, engine: Engine) -> HeldRows:
    """All rows of the answer, from the engine."""
    frame = _frame(reading.answer(engine))
    return HeldRows.of(frame, about.keys, complete=about.complete)


def patched(
    about: About, reading: Reading, engine: Engine, rows: HeldRows, as_of: int
) -> HeldRows | None:
    """`rows`, which hold the epochs up to `as_of`, brought to `reading`; None: begin anew.

    A state row whose last epoch is at most `as_of` belongs to a group that these epochs alone
    made: folds, publishes and compactions keep the largest epoch of what they merge. So only
    groups with a later state row can answer differently.
    """
    if not about.complete or not about.keys:
        return None
    named = {reading.view.split.outputs[column]: column for column in about.keys}
    snapshot = reading.held.snapshot
    newer = snapshot.frame(list(named), between={EPOCH: (as_of + 1, None)})
    changed = newer.unique().collect()
    if len(changed) > _MANY:
        return None
    if not len(changed):
        return rows
    instead = _frame(answer_of(reading, _states(reading, changed), engine))
    return rows.patched(changed.rename(named), instead)


def answer_of(reading: Reading, states: "pa.Table", engine: Engine) -> "pa.Table":
    """The answer that these state rows alone give; whole groups give whole rows."""
    view = reading.view
    with ExitStack() as stack:
        relation = new_name()
        engine.frame(relation, states)
        stack.callback(engine.drop, relation)
        dimensions = pinned(view.split.dimensions, engine=engine, lake=reading.lake)
        names = stack.enter_context(dimensions).views
        text = substitute_tables(view.split.answer, names) if names else view.split.answer
        columns = ", ".join(f"CAST(`{c.name}` AS {c.type}) AS `{c.name}`" for c in view.columns)
        frame = engine.sql(
            f"SELECT {columns} FROM ({text.replace(STATES, relation)})", where=str(view.table)
        )
        return engine.collect(frame, where=str(view.table)).cast(reading.schema)


def _states(reading: Reading, changed: "pl.DataFrame") -> "pa.Table":
    """All state rows of these groups, of every day and path."""
    import pyarrow as pa

    snapshot = reading.held.snapshot
    columns = list(reading.view.split.columns)
    rows = snapshot.frame(columns, between=_bounds(changed))
    found = rows.join(changed.lazy(), on=changed.columns, how="semi", nulls_equal=True).collect()
    return found.to_arrow().cast(pa.schema([snapshot.schema.field(name) for name in columns]))


def _bounds(changed: "pl.DataFrame") -> dict[str, tuple[Any, Any]]:
    """Between which values the groups lie, for keys that file statistics can tell apart."""
    return {
        name: (column.min(), column.max())
        for name, column in changed.to_dict().items()
        if not column.null_count() and (column.dtype.is_integer() or column.dtype.is_temporal())
    }


def _frame(table: "pa.Table") -> "pl.DataFrame":
    from pipeline_platform.lake.shape import as_frame

    return as_frame(table)
