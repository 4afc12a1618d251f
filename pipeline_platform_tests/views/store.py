"""A stream's accepted rows written by hand, and views over it split by hand."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pyarrow as pa

from pipeline_platform.contracts.models import TableColumn
from pipeline_platform.contracts.names import TableName
from pipeline_platform.contracts.views import Paths, Split, View
from pipeline_platform.engine.engine import Engine
from pipeline_platform.lake.lake import Lake
from pipeline_platform.lake.shape import empty_frame
from pipeline_platform.views.reading import Pin, reading

Event = tuple[int, str | None, int]  # day of May 2026, shop, amount in cents
STREAM = TableName("serving", "sales")
SCHEMA = pa.schema(
    [
        ("_day", pa.date32()),
        ("shop", pa.string()),
        ("amount", pa.decimal128(10, 2)),
        ("_epoch", pa.int64()),
    ]
)
NOW = datetime(2026, 6, 1, tzinfo=UTC)
PARTIAL = """SELECT _day, shop AS k0, sum(amount) AS s0, count(*) AS _rows
FROM __rows__ {where} GROUP BY _day, shop"""
MERGE = """SELECT _day, k0, CAST(sum(s0) AS decimal(20,2)) AS s0, sum(_rows) AS _rows
FROM __states__ GROUP BY _day, k0"""
ANSWER = """SELECT k0 AS shop, CAST(sum(s0) AS decimal(20,2)) AS total, sum(_rows) AS events
FROM __states__ GROUP BY k0 {having}"""


def clock() -> datetime:
    """The present, always the same."""
    return NOW


def by_shop(
    *, where: str = "", having: str = "", paths: Paths = "both", name: str = "by_shop"
) -> View:
    """Total and number of sales by shop, over all days."""
    split = Split(
        keys=("k0",),
        states=("s0",),
        partial=PARTIAL.format(where=where),
        merge=MERGE,
        answer=ANSWER.format(having=having),
        outputs={"shop": "k0"},
    )
    columns = (
        TableColumn("shop", "string"),
        TableColumn("total", "decimal(20,2)"),
        TableColumn("events", "bigint"),
    )
    return View(name, "sales", "", columns, split, paths)


def day(number: int) -> date:
    """A day of May 2026."""
    return date(2026, 5, number)


def arrive(lake: Lake, epoch: int, events: Sequence[Event], generation: int = 0) -> None:
    """Commit the accepted rows of one epoch."""
    table = lake.table(STREAM)
    table.ensure(SCHEMA, "_day")
    with table.stage(SCHEMA, "_day") as staging:
        staging.write(_frame([(epoch, event) for event in events]))
        files = staging.finish()
    table.append(files, transaction=("admission", epoch))


def restate(lake: Lake, generation: int, events: Sequence[tuple[int, Event]]) -> None:
    """Let (epoch, event) be all accepted rows, as another generation."""
    table = lake.table(STREAM)
    with table.stage(SCHEMA, "_day") as staging:
        staging.write(_frame(events))
        files = staging.finish()
    table.exchange(
        table.snapshot().paths(None),
        files,
        transactions=[("generation", generation)],
        data_change=True,
        check=lambda base: None,
    )


def _frame(events: Sequence[tuple[int, Event]]) -> pl.DataFrame:
    rows = [(day(n), shop, Decimal(cents) / 100, epoch) for epoch, (n, shop, cents) in events]
    return pl.DataFrame(rows, schema=empty_frame(SCHEMA).schema, orient="row")


def expected(events: Sequence[Event]) -> dict[str | None, tuple[Decimal, int]]:
    """The answer of `by_shop` over these events."""
    found: dict[str | None, tuple[Decimal, int]] = defaultdict(lambda: (Decimal(0), 0))
    for _, shop, cents in events:
        total, count = found[shop]
        found[shop] = total + Decimal(cents) / 100, count + 1
    return dict(found)


def answered(
    lake: Lake, engine: Engine, name: str = "by_shop", pin: Pin | None = None
) -> dict[str | None, tuple[Decimal, int]]:
    """The answer of a view of total and number by shop."""
    rows = reading(lake, name, pin).answer(engine).to_pylist()
    assert len({row["shop"] for row in rows}) == len(rows)
    return {row["shop"]: (row["total"], row["events"]) for row in rows}
