"""Builds derived tables: inputs held, rows streamed, one window replaced."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

from pipeline_platform.contracts.models import Derived, Model
from pipeline_platform.contracts.windows import DayWindow
from pipeline_platform.engine.engine import Engine
from pipeline_platform.engine.failures import translated
from pipeline_platform.errors import Abort, CommitConflict
from pipeline_platform.lake.lake import Lake
from pipeline_platform.lake.schema import columns_schema
from pipeline_platform.lake.snapshot import Snapshot
from pipeline_platform.lake.table import LakeTable
from pipeline_platform.lake.writer import StagedFile
from pipeline_platform.models.conformity import Inspection, check_columns
from pipeline_platform.models.pins import Pins, pinned
from pipeline_platform.models.python_model import check_frame, load_function
from pipeline_platform.sql.tables import substitute_tables

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame

    Batches = Callable[[Pins], Iterator[pa.RecordBatch]]

ATTEMPTS = 3


@dataclass(frozen=True)
class Built:
    """What a build wrote.

    `version` of the table after it; `rows` written, and by day of the window (0 for an
    empty day; {} for a table without partitions); `inputs`: table to the version read;
    `preview`: the first rows.
    """

    version: int
    rows: int
    rows_by_day: dict[date, int]
    inputs: dict[str, int]
    preview: list[dict[str, Any]]


def build(model: Model, window: DayWindow | None, *, engine: Engine, lake: Lake) -> Built:
    """Compute `model` over `window` and let the result be all its rows there.

    `window` is None exactly for a table without partitions. When another build of the
    same days wins meanwhile, everything is read and computed anew.
    Raises DeclarationError (columns differ), WriteRefused (rows outside the window, NULLs),
    StatementFailed (the engine), UnknownName (an input is missing), CommitConflict.
    """
    return publish(
        model, window, partial(_batches, model, window, engine), engine=engine, lake=lake
    )


def publish(
    derived: Derived, window: DayWindow | None, batches: "Batches", *, engine: Engine, lake: Lake
) -> Built:
    """Let what `batches` gives, its inputs held, be all rows of the table in `window`.

    `batches` is called anew when another build of the same days won meanwhile.
    Raises as `build` does.
    """
    _check_window(derived, window)
    target = _target(derived, lake)
    for _ in range(ATTEMPTS - 1):
        try:
            return _attempt(derived, window, batches, target, engine, lake)
        except CommitConflict:
            continue
    return _attempt(derived, window, batches, target, engine, lake)


def _check_window(derived: Derived, window: DayWindow | None) -> None:
    if (derived.partitioning is None) == (window is None):
        return
    raise Abort(
        f"built over {window or 'no window'}",
        where=str(derived.table),
        known="it has no partitions" if window else "it is partitioned by day",
        remedy="give a window exactly to a partitioned table",
    )


def _target(derived: Derived, lake: Lake) -> LakeTable:
    target = lake.table(derived.table)
    schema = columns_schema(derived.columns)
    target.ensure(schema, derived.partitioning.column if derived.partitioning else None)
    return target


def _attempt(
    derived: Derived,
    window: DayWindow | None,
    batches: "Batches",
    target: LakeTable,
    engine: Engine,
    lake: Lake,
) -> Built:
    """`read` is taken before the inputs: whoever commits later has read newer inputs."""
    read = target.snapshot()
    with pinned(derived.inputs, engine=engine, lake=lake) as pins:
        files, preview = _stage(derived, window, batches(pins), target, read)
    version = _replace(derived, window, target, read, files, pins, engine)
    return Built(
        version, sum(f.rows for f in files), _by_day(files, window), pins.versions, preview
    )


def _batches(
    model: Model, window: DayWindow | None, engine: Engine, pins: Pins
) -> "Iterator[pa.RecordBatch]":
    frame = _frame(model, window, pins, engine)
    check_columns(
        model.columns, engine.types(frame, where=str(model.table)), model.python or str(model.table)
    )
    return engine.batches(frame, where=str(model.table))


def _frame(model: Model, window: DayWindow | None, pins: Pins, engine: Engine) -> "DataFrame":
    start, end = (window.start, window.end) if window else (None, None)
    if not model.python:
        text = substitute_tables(model.sql, pins.views)
        parameters = {"start": start, "end": end} if window else None
        return engine.sql(text, parameters, where=str(model.table))
    function = load_function(model.python)
    inputs = {table: engine.view(view) for table, view in pins.views.items()}
    with translated(engine.name, model.python):
        return check_frame(function(engine.session(), inputs, start, end), model.python)


def _stage(
    derived: Derived,
    window: DayWindow | None,
    batches: "Iterator[pa.RecordBatch]",
    target: LakeTable,
    read: Snapshot,
) -> tuple[list[StagedFile], list[dict[str, Any]]]:
    inspection = Inspection(derived, window, read.schema)
    with target.stage(read) as staging:
        for batch in batches:
            rows = inspection.inspect(batch)
            if rows is not None:
                staging.write(rows)
        inspection.refuse()
        return staging.finish(), inspection.preview


def _replace(
    derived: Derived,
    window: DayWindow | None,
    target: LakeTable,
    read: Snapshot,
    files: list[StagedFile],
    pins: Pins,
    engine: Engine,
) -> int:
    metadata = {
        "inputs": pins.versions,
        "code_version": derived.code_version,
        "window": [window.start.isoformat(), window.end.isoformat()] if window else None,
        "engine": engine.name,
    }
    try:
        return target.replace(files, read=read, window=window, metadata=metadata).version
    except CommitConflict:
        target.discard(files)
        raise


def _by_day(files: list[StagedFile], window: DayWindow | None) -> dict[date, int]:
    if window is None:
        return {}
    rows: Counter[date | None] = Counter()
    for file in files:
        rows[file.partition] += file.rows
    return {day: rows[day] for day in window.days}
