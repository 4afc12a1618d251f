"""A stream with three views in a folder, and commits that end the process."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipeline_platform.batch.change import bring_up
from pipeline_platform.batch.settle import settle
from pipeline_platform.contracts.models import TableColumn
from pipeline_platform.contracts.names import TableName
from pipeline_platform.contracts.stream import Column, Landing, StreamContract
from pipeline_platform.contracts.views import DimensionTable, Paths, View
from pipeline_platform.contracts.windows import DayWindow
from pipeline_platform.ingest.admission import Admission
from pipeline_platform.lake.schema import arrow_schema
from pipeline_platform.lake.shape import empty_frame
from pipeline_platform.lake.table import LakeTable
from pipeline_platform.lake.upkeep import Policy, plan_upkeep, run
from pipeline_platform.settings import Settings
from pipeline_platform.speed.fold import fold
from pipeline_platform.views.live import live, require_live
from pipeline_platform.views.reading import Pin, Reading, reading
from pipeline_platform.views.splitting import split
from pipeline_platform.views.states import States
from pipeline_platform.wiring import Platform
from pipeline_platform_tests.views.oracle import STATEMENTS, Answer, Event, Shops, landed

NOW = datetime(2026, 3, 9, tzinfo=UTC)
CONTRACT = StreamContract(
    name="sales",
    landing=Landing(prefix="sales/"),
    columns=(
        Column("id", "string", nullable=False),
        Column("at", "timestamp", nullable=False),
        Column("shop", "string"),
        Column("amount", "decimal(10,2)"),
        Column("item", "string"),
    ),
    event_id=("id",),
    event_time="at",
    start=date(2026, 3, 1),
)
COLUMNS = {column.name: column.type for column in CONTRACT.columns}
TYPES = {
    "by_shop": {"shop": "string", "events": "bigint", "total": "decimal(20,2)"}
    | {"items": "bigint", "best": "string"},
    "by_hour": {"hour": "timestamp", "events": "bigint", "least": "decimal(10,2)"},
    "in_all": {"events": "bigint", "total": "decimal(20,2)"},
    "by_city": {"city": "string", "events": "bigint", "total": "decimal(20,2)"},
}
SHOPS = TableName("serving", "shops")
SHOP = {"shop": "string", "city": "string", "open": "boolean"}
DIMENSIONS = {str(SHOPS): DimensionTable(SHOP, (("shop",),))}


def view_of(name: str, paths: Paths = "both", sql: str = "") -> View:
    """One of the views, or another statement under its name."""
    text = sql or STATEMENTS[name]
    columns = tuple(TableColumn(column, kind) for column, kind in TYPES[name].items())
    parts = split(text, "sales", COLUMNS, DIMENSIONS)
    return View(name, "sales", text, columns, parts, paths)


def reworded(sql: str) -> str:
    """The statement with a condition that every event meets, or again without it.

    Its states have another fingerprint and the same rows.
    """
    always = "id IS NOT NULL"
    if always in sql:
        return sql.replace(f" WHERE {always} AND", " WHERE").replace(f" WHERE {always}", "")
    if " WHERE " in sql:
        return sql.replace(" WHERE ", f" WHERE {always} AND ")
    return sql.replace(" FROM serving.sales", f" FROM serving.sales WHERE {always}")


class Crash(Exception):
    """The process ended here."""


@contextmanager
def ended_at(commit: int, when: str) -> Iterator[None]:
    """Let the process end before or after its commit of that number, counted from 0."""
    made = 0
    original = LakeTable._commit

    def counted(table: LakeTable, *args: Any, **options: Any) -> bool:
        nonlocal made
        made += 1
        if made - 1 != commit:
            return original(table, *args, **options)
        if when == "after":
            original(table, *args, **options)
        raise Crash

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LakeTable, "_commit", counted)
        yield


class Stage:
    """The platform in a folder; every call is what another process would do."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.objects = 0

    @property
    def platform(self) -> Platform:
        """A platform that has learned nothing."""
        opened = Platform(Settings(home=self.root))
        opened.__dict__["clock"] = lambda: NOW
        return opened

    @property
    def admission(self) -> Admission:
        """An admission that has learned nothing."""
        return self.platform.admission(CONTRACT)

    def land(self, events: Sequence[Event], name: str = "") -> None:
        """One object with these events."""
        key = f"sales/{name}{self.objects:04}.json"
        self.objects += 1
        body = "".join(landed(event) + "\n" for event in events)
        self.platform.store.put_if_absent(key, body.encode())

    def admit(self) -> int:
        """Admit what has landed; the last committed epoch."""
        return self.admission.run().head

    def bring_up(self, view: View) -> Any:
        """Make the view answer."""
        here = self.platform
        return bring_up(view, engine=here.engine, lake=here.lake, clock=here.clock)

    def fold(self, view: View) -> Any:
        """One fold."""
        return fold(view, engine=self.platform.engine, lake=self.platform.lake)

    def settle(self, view: View, window: DayWindow | None = None) -> Any:
        """Publish the batch states of these days."""
        here = self.platform
        return settle(view, window, engine=here.engine, lake=here.lake, clock=here.clock)

    def compact(self, view: View) -> Any:
        """Merge small files of the states that answer."""
        now = require_live(self.platform.lake, view.name)
        states = States(now.view, now.generation, self.platform.lake)
        return states.compact(self.platform.engine, least_files=2)

    def reprocess(self) -> Any:
        """Rebuild the accepted rows as a new generation."""
        return self.platform.reprocess(CONTRACT)

    def locate(self, shops: Shops) -> int:
        """Let these be all shops; the version that says so."""
        table = self.platform.lake.table(SHOPS)
        schema = arrow_schema((name, kind, True) for name, kind in SHOP.items())
        table.ensure(schema, None)
        with table.stage(schema) as staging:
            rows = [(name, *shop) for name, shop in shops.items()]
            staging.write(pl.DataFrame(rows, empty_frame(schema).schema, orient="row"))
            files = staging.finish()
        return table.replace(files, read=table.snapshot(), window=None).version

    def pins(self, view: View) -> dict[date, int]:
        """By day the version of the shops that counts for it."""
        (pinned,) = view.split.pinned
        table = self.platform.lake.table(view.pinned(pinned))
        if not table.exists():
            return {}
        rows = table.snapshot().frame().collect().drop_nulls("_pinned_day")
        assert rows["_pinned_day"].is_unique().all()
        return dict(rows.select("_pinned_day", "_pinned_version").iter_rows())

    def tidy(self) -> None:
        """Upkeep of the stream's tables and of pinned rows, as if a day had passed since."""
        tables, later = self.admission.tables, datetime.now(UTC) + timedelta(days=1)
        lake = self.platform.lake
        pinned = [lake.table(name) for name in lake.names() if "__pinned_" in name.name]
        own = (tables.accepted, tables.refused, tables.accounting, tables.ledger.table)
        for table in (*own, *pinned):
            for step in plan_upkeep(table, later, policy=Policy(files=2)):
                run(table, step)

    def live(self, view: View) -> bool:
        """Whether the view answers at all."""
        return live(self.platform.lake, view.name) is not None

    def read(self, view: View, pin: Pin | None = None) -> tuple[Reading, Answer]:
        """A reading, and its answer as tuples."""
        found = reading(self.platform.lake, view.name, pin)
        return found, answer(found, self.platform)


def answer(found: Reading, platform: Platform) -> Answer:
    """The rows of a reading; no row comes twice."""
    table = found.answer(platform.engine)
    rows = [tuple(row.values()) for row in table.to_pylist()]
    assert len(rows) == len(set(rows))
    return set(rows)
