"""Relations of one engine session: rows in memory, or held tables narrowed."""

from collections.abc import Collection
from contextlib import ExitStack
from datetime import date, timedelta
from uuid import uuid4

import pyarrow as pa

from pipeline_platform.contracts.names import DAY, EPOCH
from pipeline_platform.contracts.windows import contiguous
from pipeline_platform.engine.engine import Engine
from pipeline_platform.lake.schema import spark_type
from pipeline_platform.lake.snapshot import Snapshot

SMALL = 100_000  # accepted rows that go to the engine from memory
FEW = 30_000  # state rows that do: they are read more often than they change
_ONE = timedelta(days=1)


def given(engine: Engine, rows: pa.Table, stack: ExitStack) -> str:
    """A view over rows in memory, until the stack ends."""
    name = new_name()
    show(engine, name, rows)
    stack.callback(engine.drop, name)
    return name


def show(engine: Engine, name: str, rows: pa.Table) -> None:
    """Let a view show these rows, if any: PySpark makes no frame of an empty table."""
    if rows.num_rows:
        engine.frame(name, rows)
        return
    columns = (f"CAST(NULL AS {spark_type(f.type)}) AS `{f.name}`" for f in rows.schema)
    engine.define(name, f"SELECT {', '.join(columns)} WHERE 1 = 0")


def held(
    engine: Engine,
    snapshot: Snapshot,
    stack: ExitStack,
    condition: str = "",
    days: Collection[date] | None = None,
) -> str:
    """A view over the rows of a held table for which `condition` holds, until the stack ends.

    With `days`, of these alone. Few rows go through memory: an engine that opens a table
    lists its whole log.
    """
    if 0 < snapshot.rows_in(days) <= FEW:
        rows = snapshot.frame(days=days).collect().to_arrow().cast(snapshot.schema)
        name = given(engine, rows, stack)
    else:
        name = new_name()
        engine.pin(name, snapshot.uri, snapshot.version)
        stack.callback(engine.drop, name)
        if days is not None:
            condition = f"({condition}) AND {during(days)}" if condition else during(days)
    return queried(engine, f"SELECT * FROM {name} WHERE {condition}", stack) if condition else name


def queried(engine: Engine, text: str, stack: ExitStack, where: str = "") -> str:
    """A view over a query, until the stack ends."""
    name = new_name()
    engine.define(name, text, where=where)
    stack.callback(engine.drop, name)
    return name


def accepted_rows(
    engine: Engine,
    accepted: Snapshot,
    stack: ExitStack,
    *,
    first: int,
    last: int,
    rows: int,
    days: Collection[date] | None = None,
) -> str:
    """A view over the accepted rows of epochs `first` to `last`, of these days or all.

    `rows` says about how many there are: few go through memory, which costs an engine
    less than opening the table.
    """
    if rows <= SMALL:
        frame = accepted.frame(days=days, between={EPOCH: (first, last)}).collect()
        if frame.height:
            return given(engine, frame.to_arrow().cast(accepted.schema), stack)
    return held(engine, accepted, stack, condition(first, last, days))


def condition(first: int, last: int, days: Collection[date] | None = None) -> str:
    """The rows of epochs `first` to `last`, of these days or all, in SQL."""
    text = f"{EPOCH} >= {first} AND {EPOCH} <= {last}"
    return text if days is None else f"{text} AND {during(days)}"


def during(days: Collection[date]) -> str:
    """The rows of these days, in SQL."""
    windows = [
        f"{DAY} BETWEEN DATE '{w.start}' AND DATE '{w.end - _ONE}'" for w in contiguous(days)
    ]
    return f"({' OR '.join(windows) or 'false'})"


def new_name() -> str:
    """A name for a session view that nobody else has."""
    return f"view_{uuid4().hex[:16]}"
