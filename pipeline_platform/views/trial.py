"""One trial of a view: its merged answer beside its own SQL, over the same rows."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date, timedelta
from itertools import count
from random import Random
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline_platform.contracts.names import DAY, EPOCH
from pipeline_platform.contracts.views import (
    PINNED_DAY,
    ROWS,
    STATES,
    DimensionTable,
    PinnedTable,
    View,
)
from pipeline_platform.engine.engine import Engine
from pipeline_platform.errors import StatementFailed
from pipeline_platform.sql.tables import substitute_tables
from pipeline_platform.sql.view_joins import joined_by_day
from pipeline_platform.views.comparing import (
    Answer,
    Apart,
    Row,
    at,
    close,
    first_apart,
    hashable,
    unmatched,
)
from pipeline_platform.views.generated import frame
from pipeline_platform.views.relations import show

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa
    from pyspark.sql import DataFrame

Columns = Mapping[str, str]
TOLERANCE = 1e-7
_SHUFFLES = 8
_numbers = count()


class Checked(NamedTuple):
    """What is checked, and where.

    A value that its own SQL gives over the same rows in another order is no wrong one, if
    `reordered`. Approximate columns are held to the `tolerance`, a share of the value and
    absolute below 1.
    """

    view: View
    columns: Columns
    dimensions: Mapping[str, DimensionTable]
    engine: Engine
    reordered: bool = True
    tolerance: float = TOLERANCE


class Trial(NamedTuple):
    """Accepted rows with their epochs, dimension rows, the seed of how states are merged.

    `by_day` has the rows of pinned dimensions that differ from day to day, with PINNED_DAY.
    """

    rows: "pl.DataFrame"
    dimensions: "Mapping[str, pl.DataFrame]"
    seed: int
    by_day: "Mapping[str, pl.DataFrame]" = MappingProxyType({})


class OwnFailed(Exception):
    """The user's own SQL cannot run over the rows of a trial."""

    def __init__(self, reason: StatementFailed) -> None:
        super().__init__(str(reason))
        self.reason = reason


def apart(checked: Checked, trial: Trial) -> Apart | None:
    """What the merged answer and the view's own SQL differ in over these rows, or None.

    Raises OwnFailed where the view's own SQL fails.
    """
    with relations(checked, trial) as names:
        try:
            own = own_answer(checked, trial.rows, names)
        except StatementFailed as error:
            raise OwnFailed(error) from None
        try:
            merged = _merged(checked, trial, names)
        except StatementFailed as error:
            return Apart({}, "", f"{len(own.rows)} rows", f"a failure: {error.known}")
        found = first_apart(own, merged, _keys(checked, own), _loose(checked, own))
        if found is None or not checked.reordered or not _alike(checked, own, merged):
            return found
        return None if _possible(checked, trial, names, merged) else found


def varies(checked: Checked, trial: Trial) -> bool:
    """Whether the answer of its own SQL depends on the order of the rows."""
    with relations(checked, trial) as names:
        answers = (own_answer(checked, rows, names) for rows in _reordered(checked, trial))
        first = next(answers)
        loose = _loose(checked, first)
        return any(unmatched(first.rows, other.rows, loose) for other in answers)


def answers(
    view: View, columns: Columns, engine: Engine, epochs: Sequence[Sequence[Mapping[str, Any]]]
) -> Answer:
    """The merged answer over given rows, whose states are merged epoch by epoch.

    Rows name all of `columns`; `_day` defaults to a day of the epoch's own.
    """
    checked, held = Checked(view, columns, {}, engine), []
    for number, rows in enumerate(epochs):
        day = date(2024, 1, 1) + timedelta(days=number)
        filled = [dict(row) | {DAY: row.get(DAY) or day, EPOCH: number} for row in rows]
        values = {name: [row[name] for row in filled] for name in columns}
        held.append(
            state_rows(
                checked, view.split.partial, ROWS, as_arrow(frame(columns, values), columns), {}
            )
        )
    return finished(checked, held, {})


@contextmanager
def relations(checked: Checked, trial: Trial) -> Iterator[dict[str, str]]:
    """Views over the dimension rows; the name of each by table, and by token where pinned.

    Where rows differ by day both are the same view.
    """
    names = {}
    with ExitStack() as held:
        for table, rows in trial.dimensions.items():
            arrow = as_arrow(rows, checked.dimensions[table].columns)
            names[table] = held.enter_context(_relation(checked.engine, arrow))
        for pinned in checked.view.split.pinned:
            rows = by_day(pinned, trial)
            kinds = {**checked.dimensions[pinned.table].columns, PINNED_DAY: "date"}
            arrow = as_arrow(rows, {name: kinds[name] for name in rows.columns})
            names[pinned.token] = held.enter_context(_relation(checked.engine, arrow))
            names.setdefault(pinned.table, names[pinned.token])
        yield names


def by_day(pinned: PinnedTable, trial: Trial) -> "pl.DataFrame":
    """The rows of a pinned dimension with the days for which they count."""
    if pinned.table in trial.by_day:
        return trial.by_day[pinned.table]
    days = trial.rows.select(DAY).unique().rename({DAY: PINNED_DAY})
    return trial.dimensions[pinned.table].select(*pinned.columns).join(days, how="cross")


def own_answer(checked: Checked, rows: "pl.DataFrame", names: Mapping[str, str]) -> Answer:
    """What the view's own SQL gives over the rows; `names` are relations of its dimensions.

    Where a dimension's rows differ by day, its join compares the day too.
    """
    pinned = checked.view.split.pinned
    differing = [p.table for p in pinned if names[p.table] == names[p.token]]
    sql = joined_by_day(checked.view.sql, differing, PINNED_DAY)
    with _relation(checked.engine, as_arrow(rows, checked.columns)) as name:
        tables = {**names, str(checked.view.source): name}
        text = substitute_tables(sql, tables)
        return _answer(checked.engine, checked.engine.sql(text))


def _merged(checked: Checked, trial: Trial, names: Mapping[str, str]) -> Answer:
    """Partials of random runs of epochs, some merged beforehand, then the answer."""
    random, split = Random(trial.seed), checked.view.split
    held = [
        state_rows(checked, split.partial, ROWS, as_arrow(rows, checked.columns), names)
        for rows in _runs(trial.rows, random)
    ]
    while len(held) > 1 and random.random() < 0.7:
        random.shuffle(held)
        taken = random.randint(2, min(len(held), 4))
        some = as_stored(held[:taken])
        held = [*held[taken:], state_rows(checked, split.merge, STATES, some, names)]
    return finished(checked, held, names)


def finished(checked: Checked, held: "Sequence[pa.Table]", names: Mapping[str, str]) -> Answer:
    """The answer over state rows that are held in parts."""
    engine = checked.engine
    with _relation(engine, as_stored(held)) as name:
        text = _placed(checked.view.split.answer, STATES, name, names)
        return _answer(engine, engine.sql(text))


def _runs(rows: "pl.DataFrame", random: Random) -> "list[pl.DataFrame]":
    """The rows of one or more epochs each, at least one of them."""
    import polars as pl

    epochs = sorted(rows[EPOCH].unique())
    runs = []
    while epochs:
        taken = random.randint(1, 2)
        runs.append(rows.filter(pl.col(EPOCH).is_in(epochs[:taken])))
        epochs = epochs[taken:]
    return runs or [rows]


def state_rows(
    checked: Checked, text: str, token: str, rows: "pa.Table", names: Mapping[str, str]
) -> "pa.Table":
    """State rows: the statement `text` over rows that stand in for its token."""
    engine = checked.engine
    with _relation(engine, rows) as name:
        return engine.collect(engine.sql(_placed(text, token, name, names)))


def as_stored(states: "Sequence[pa.Table]") -> "pa.Table":
    """State rows together, with the columns that their table has beside them."""
    import pyarrow as pa

    first = states[0].schema
    whole = pa.concat_tables([table.cast(first) for table in states])
    beside = {"_epoch": pa.scalar(0, pa.int64()), "_path": pa.scalar("speed")}
    for column, value in beside.items():
        whole = whole.append_column(column, pa.repeat(value, whole.num_rows))
    return whole


def _placed(text: str, token: str, name: str, names: Mapping[str, str]) -> str:
    for table, relation in names.items():
        text = text.replace(table, relation)
    return text.replace(token, name)


@contextmanager
def _relation(engine: Engine, rows: "pa.Table") -> Iterator[str]:
    name = f"check_{next(_numbers)}"
    show(engine, name, rows)
    try:
        yield name
    finally:
        engine.drop(name)


def as_arrow(rows: "pl.DataFrame", columns: Columns) -> "pa.Table":
    """The rows in the types that a table on disk gives."""
    from pipeline_platform.lake.schema import arrow_schema

    schema = arrow_schema((name, kind, True) for name, kind in columns.items())
    return rows.select(schema.names).to_arrow().cast(schema)


def _answer(engine: Engine, frame: "DataFrame") -> Answer:
    types = dict(engine.types(frame))
    table = engine.collect(frame)
    columns = [[hashable(value) for value in column.to_pylist()] for column in table.columns]
    return Answer(types, list(zip(*columns, strict=True)) if columns else [])


def _alike(checked: Checked, own: Answer, merged: Answer) -> bool:
    """Whether two answers have the same types and groups."""
    keys = _keys(checked, own)
    groups = [Counter(at(row, keys) for row in answer.rows) for answer in (own, merged)]
    return own.types == merged.types and groups[0] == groups[1]


def _possible(checked: Checked, trial: Trial, names: Mapping[str, str], merged: Answer) -> bool:
    """Whether every merged value is one that its own SQL gives over some order of the rows."""
    keys, loose = _keys(checked, merged), _loose(checked, merged)
    seen: defaultdict[Row, list[set[Any]]] = defaultdict(lambda: [set() for _ in merged.types])
    for rows in _reordered(checked, trial):
        for row in own_answer(checked, rows, names).rows:
            for n, value in enumerate(row):
                seen[at(row, keys)][n].add(value)
    return all(
        any(close(value, other, loose.get(n, 0.0)) for other in seen[at(row, keys)][n])
        for row in merged.rows
        for n, value in enumerate(row)
    )


def _reordered(checked: Checked, trial: Trial) -> "Iterator[pl.DataFrame]":
    """The rows by each column that the statement names, up and down, and at random.

    Of equals an engine takes the first or the last that it meets; ours is the largest or the
    smallest value. Sail 0.7.2 takes the last number after a NaN for the least and the greatest.
    """
    words = set(re.findall(r"\w+", checked.view.sql.lower()))
    for name, kind in trial.rows.schema.items():
        if name.lower() in words and not kind.is_nested():
            for down in (False, True):
                for last in (False, True):
                    yield trial.rows.sort(name, descending=down, nulls_last=last)
    for seed in range(_SHUFFLES):
        yield trial.rows.sample(fraction=1.0, shuffle=True, seed=seed)


def _keys(checked: Checked, answer: Answer) -> list[int]:
    return [n for n, name in enumerate(answer.types) if name in checked.view.split.outputs]


def _loose(checked: Checked, answer: Answer) -> dict[int, float]:
    approximate = checked.view.split.approximate
    return {n: checked.tolerance for n, name in enumerate(answer.types) if name in approximate}
