"""Relations of one engine session: rows in memory, or held tables narrowed."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from uuid import uuid4

import pyarrow as pa

from pipeline_platform.contracts.names import DAY, EPOCH
from pipeline_platform.contracts.windows import contiguous
from pipeline_platform.engine.engine import Engine
from pipeline_platform.lake.snapshot import Snapshot

SMALL = 100_000  # rows that go to the engine from memory
_ONE = timedelta(days=1)


@contextmanager
def given(engine: Engine, rows: pa.Table) -> Iterator[str]:
    """A view over rows in memory, for as long as the context lasts."""
    name = new_name()
    engine.frame(name, rows)
    try:
        yield name
    finally:
        engine.drop(name)


@contextmanager
def held(engine: Engine, snapshot: Snapshot, condition: str = "") -> Iterator[str]:
    """A view over the rows of a held table for which `condition` holds."""
    name = new_name()
    whole = f"{name}_all" if condition else name
    engine.pin(whole, snapshot.uri, snapshot.version)
    try:
        if condition:
            text = f"SELECT * FROM {whole} WHERE {condition}"
            engine.sql(text, where=snapshot.uri).createOrReplaceTempView(name)
        yield name
    finally:
        for each in {name, whole}:
            engine.drop(each)


@contextmanager
def accepted_rows(
    engine: Engine,
    accepted: Snapshot,
    *,
    first: int,
    last: int,
    rows: int,
    days: Collection[date] | None = None,
) -> Iterator[str]:
    """A view over the accepted rows of epochs `first` to `last`, of these days or all.

    `rows` says about how many there are: few go through memory, which costs an engine
    less than opening the table.
    """
    frame = None
    if rows <= SMALL:
        frame = accepted.frame(days=days, between={EPOCH: (first, last)}).collect()
    if frame is not None and frame.height:
        relation = given(engine, frame.to_arrow().cast(accepted.schema))
    else:
        relation = held(engine, accepted, condition(first, last, days))
    with relation as name:
        yield name


def condition(first: int, last: int, days: Collection[date] | None = None) -> str:
    """The rows of epochs `first` to `last`, of these days or all, in SQL."""
    text = f"{EPOCH} >= {first} AND {EPOCH} <= {last}"
    if days is None:
        return text
    windows = [
        f"{DAY} BETWEEN DATE '{w.start}' AND DATE '{w.end - _ONE}'" for w in contiguous(days)
    ]
    return f"{text} AND ({' OR '.join(windows) or 'false'})"


def new_name() -> str:
    """A name for a session view that nobody else has."""
    return f"view_{uuid4().hex[:16]}"
