"""Partials, merges and answers of one engine, in a process of its own.

`python -m pipeline_platform_tests.views.elsewhere ENGINE FOLDER`: reads `<view>.pickle`, rows
and the other engine's states of the first epoch; writes `<view>.done`.
"""

import pickle
import sys
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
import pyarrow as pa

from pipeline_platform.contracts.names import EPOCH
from pipeline_platform.contracts.views import ROWS, STATES
from pipeline_platform.engine.engine import Engine
from pipeline_platform.errors import PlatformError
from pipeline_platform.views.comparing import Answer
from pipeline_platform.views.trial import (
    Checked,
    Trial,
    as_arrow,
    as_stored,
    finished,
    own_answer,
    relations,
    state_rows,
)
from pipeline_platform_tests.engine.answers import start
from pipeline_platform_tests.views.functions import COLUMNS, DIMENSIONS, view

EPOCHS = 3


class Asked(NamedTuple):
    """Rows of one view, and the states of epoch 0 that another engine made of them."""

    rows: pl.DataFrame
    dimensions: dict[str, pl.DataFrame]
    theirs: pa.Table | None = None


class Done(NamedTuple):
    """What an engine made of it: `mixed` is the answer with the other's states of epoch 0."""

    own: Answer | None = None
    merged: Answer | None = None
    mixed: Answer | None = None
    first: pa.Table | None = None
    error: str = ""


def done(name: str, asked: Asked, engine: Engine) -> Done:
    """The view's answers by this engine; epochs 0 and 1 are merged before the answer."""
    try:
        return _done(name, asked, engine)
    except (PlatformError, pa.ArrowInvalid) as error:
        return Done(error=str(error))


def _done(name: str, asked: Asked, engine: Engine) -> Done:
    found = view(name)
    joined = {table: DIMENSIONS[table] for table in found.split.joined}
    checked = Checked(found, COLUMNS, joined, engine)
    with relations(checked, Trial(asked.rows, asked.dimensions, 0)) as names:
        parts = [asked.rows.filter(pl.col(EPOCH) == epoch) for epoch in range(EPOCHS)]
        made = [
            state_rows(checked, found.split.partial, ROWS, as_arrow(rows, COLUMNS), names)
            for rows in parts
        ]

        def answer(first: Any) -> Answer:
            both = as_stored([first.cast(made[1].schema), made[1]])
            merged = state_rows(checked, found.split.merge, STATES, both, names)
            return finished(checked, [merged.cast(made[2].schema), made[2]], names)

        return Done(
            own_answer(checked, asked.rows, names),
            answer(made[0]),
            answer(asked.theirs) if asked.theirs is not None else None,
            made[0],
        )


def main(engine: str, folder: str) -> None:
    """Do all that the folder asks."""
    started = start(engine)
    for path in sorted(Path(folder).glob("*.pickle")):
        asked: Asked = pickle.loads(path.read_bytes())
        made = tuple(done(path.stem, asked, started))  # a class of __main__ is known only there
        path.with_suffix(".done").write_bytes(pickle.dumps(made))


if __name__ == "__main__":
    main(*sys.argv[1:])
