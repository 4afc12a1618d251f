"""Holds a view to its own SQL over generated rows in random epochs."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import msgspec

from pipeline_platform.contracts.names import DAY, EPOCH
from pipeline_platform.contracts.views import PINNED_DAY, DimensionTable, View
from pipeline_platform.engine.engine import Engine
from pipeline_platform.errors import Abort
from pipeline_platform.views.comparing import Apart
from pipeline_platform.views.generated import (
    KINDS,
    Literals,
    Shape,
    accepted_rows,
    dimension_rows,
    ordered_by,
    sketch_tolerance,
)
from pipeline_platform.views.trial import (
    TOLERANCE,
    Checked,
    Columns,
    OwnFailed,
    Trial,
    apart,
    varies,
)

VERSION = 2  # of what is checked; a check remembered under another counts for nothing
_SHRINKS = 20  # trials for finding fewer rows that show a difference


class Difference(NamedTuple):
    """Where the merged answer and the user's own SQL part, and the rows that show it.

    `group` are the view's columns that are keys, `column` the first that differs; of a group
    that only one side has, `column` is empty. `rows` are accepted rows with their `_epoch`;
    `dimensions` the rows of dimension tables, by table.
    """

    view: str
    engine: str
    group: dict[str, Any]
    column: str
    expected: Any
    found: Any
    seed: int
    rows: list[dict[str, Any]]
    dimensions: dict[str, list[dict[str, Any]]]

    def __str__(self) -> str:
        where = ", ".join(f"{name}={value!r}" for name, value in self.group.items()) or "all rows"
        what = f"{self.column}: " if self.column else ""
        epochs = len({row[EPOCH] for row in self.rows}) if self.rows else 0
        return (
            f"group {where}: {what}{self.expected!r} by its own SQL, {self.found!r} merged "
            f"(seed {self.seed}, {len(self.rows)} rows in {epochs} epochs)"
        )


def check_view(
    view: View,
    columns: Columns,
    engine: Engine,
    *,
    dimensions: Mapping[str, DimensionTable] | None = None,
    seed: int = 0,
    rounds: int = 3,
    samples: Mapping[str, Sequence[Any]] | None = None,
) -> Difference | None:
    """The first difference between the merged answer and the view's own SQL, or None.

    `columns` are the stream's accepted columns, Spark type by name; `dimensions` the tables
    that the view joins. Looks at no rows, at one row, and at `rounds` sets of rows from `seed`,
    each cut into epochs that are merged in a random order. In every other set the rows of
    pinned dimensions differ by day, and the view's own SQL is asked to compare the day. Columns
    in `samples` take those values. Rows that the user's own SQL cannot run over are made again,
    plainer; StatementFailed where it runs over none.
    """
    typed = {**columns, DAY: "date", EPOCH: "bigint"}
    tolerance = max(TOLERANCE, sketch_tolerance(view.sql))
    checked = Checked(view, typed, dimensions or {}, engine, tolerance=tolerance)
    for number, (rows, values) in enumerate(_sizes(seed, rounds)):
        found = _round(checked, rows, values, seed * 1000 + number, samples or {})
        if found is not None:
            return found
    return None


def ensure_checked(
    view: View,
    columns: Columns,
    engine: Engine,
    remembered: Path | None = None,
    *,
    dimensions: Mapping[str, DimensionTable] | None = None,
) -> None:
    """Refuse a view that would answer wrongly on this engine; checked once, then remembered.

    Below `remembered`, if given, lies one small file per view, engine and version of both.
    Raises Abort that names the group, StatementFailed where the view's own SQL fails.
    """
    key = _key(view, columns, engine, dimensions or {})
    record = None if remembered is None else remembered / f"{view.name}-{key}.json"
    if key in _known or (record is not None and record.exists()):
        return
    found = check_view(view, columns, engine, dimensions=dimensions)
    if found is not None:
        raise refusal(found)
    _known.add(key)
    if record is not None:
        record.parent.mkdir(parents=True, exist_ok=True)
        record.write_bytes(msgspec.json.encode({"view": view.name, "engine": engine.name}))


def refusal(found: Difference) -> Abort:
    """The difference as an error in four parts."""
    return Abort(
        f"view {found.view} would answer wrongly on engine {found.engine!r}",
        where=f"serving.{found.view}",
        known=str(found),
        remedy="write the column another way, or choose another engine; "
        "`check_view` of the test kit shows the rows",
    )


_known: set[str] = set()


def _key(
    view: View, columns: Columns, engine: Engine, dimensions: Mapping[str, DimensionTable]
) -> str:
    """What a check holds for: definition, schemas, engine, and this check's own version."""
    from importlib.metadata import version

    package = version("pysail" if engine.name == "sail" else "pyspark")
    said = [
        VERSION,
        view.code_version,
        view.sql,
        dict(columns),
        dict(dimensions),
        engine.name,
        package,
    ]
    return hashlib.sha256(msgspec.json.encode(said, order="sorted")).hexdigest()[:12]


def _sizes(seed: int, rounds: int) -> Iterator[tuple[int, int]]:
    """How many rows, and how many values a column has, round by round."""
    random = Random(seed)
    yield from ((0, 1), (1, 1))
    for number in range(rounds):
        yield random.choice((30, 120, 250)), (2, 0, 12)[number % 3]


def _round(
    checked: Checked, rows: int, values: int, seed: int, samples: Mapping[str, Sequence[Any]]
) -> Difference | None:
    """One set of rows; plainer ones where the user's own SQL fails over the first."""
    for kind in KINDS:
        trial = _trial(checked, Shape(rows, values, kind), seed, samples)
        try:
            found = apart(checked, trial)
        except OwnFailed as failed:
            if kind == KINDS[-1]:
                raise failed.reason from None
            continue
        return _shown(checked, *_fewer(checked, trial, found)) if found else None
    return None


def _trial(
    checked: Checked, shape: Shape, seed: int, samples: Mapping[str, Sequence[Any]]
) -> Trial:
    import polars as pl

    random, view = Random(seed), checked.view
    shape = shape._replace(distinct=ordered_by(view.sql), precise=bool(view.split.approximate))
    rows = accepted_rows(checked.columns, shape, random, Literals.of(view.sql), samples)
    epochs = pl.Series(EPOCH, [random.randrange(6) for _ in range(rows.height)], pl.Int64)
    dimensions = {
        table: dimension_rows(dimension, rows, shape, random)
        for table, dimension in checked.dimensions.items()
    }
    trial = Trial(rows.with_columns(epochs), dimensions, seed)
    return _by_day(checked, trial, shape, random) if view.split.pinned and seed % 2 else trial


def _by_day(checked: Checked, trial: Trial, shape: Shape, random: Random) -> Trial:
    """The trial with a few versions of each pinned dimension, a day having one of them."""
    import polars as pl

    days, found = trial.rows[DAY].unique().sort(), {}
    for pinned in checked.view.split.pinned:
        first, dimension = trial.dimensions[pinned.table], checked.dimensions[pinned.table]
        others = [dimension_rows(dimension, trial.rows, shape, random) for _ in range(2)]
        empty = first.clear().with_columns(pl.lit(None, pl.Date()).alias(PINNED_DAY))
        each = [
            random.choice([first, *others]).with_columns(pl.lit(day, pl.Date()).alias(PINNED_DAY))
            for day in days
        ]
        found[pinned.table] = pl.concat([empty, *each])
    kept = {table: rows for table, rows in trial.dimensions.items() if table not in found}
    return trial._replace(dimensions=kept, by_day=found)


def _fewer(checked: Checked, trial: Trial, found: Apart) -> tuple[Trial, Apart]:
    """The trial with as many rows left out as a few attempts allow, still showing a difference."""
    import polars as pl

    checked = checked._replace(reordered=varies(checked, trial))
    step, tries, start = max(1, trial.rows.height // 2), _SHRINKS, 0
    while tries and trial.rows.height > 1:
        place = pl.int_range(pl.len())
        less = trial._replace(rows=trial.rows.filter((place < start) | (place >= start + step)))
        tries -= 1
        try:
            still = apart(checked, less) if less.rows.height else None
        except OwnFailed:
            still = None
        if still is not None:
            trial, found = less, still
        else:
            start += step
        if start >= trial.rows.height:
            if step == 1 and still is None:
                break
            step, start = max(1, step // 2), 0
    return trial, found


def _shown(checked: Checked, trial: Trial, found: Apart) -> Difference:
    given = {**trial.dimensions, **trial.by_day}
    rows = {table: some.to_dicts() for table, some in given.items()}
    return Difference(
        checked.view.name, checked.engine.name, *found, trial.seed, trial.rows.to_dicts(), rows
    )
