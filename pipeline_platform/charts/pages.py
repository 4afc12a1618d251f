"""Pages of charts with an index, written as objects that a browser opens."""

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from pipeline_platform.charts.bundle import bundle
from pipeline_platform.charts.data import drawn
from pipeline_platform.charts.html import Card, index, page
from pipeline_platform.charts.pictures import picture
from pipeline_platform.charts.specification import specified
from pipeline_platform.contracts.charts import Chart, ChartSubject
from pipeline_platform.ports.object_store import ObjectStore

if TYPE_CHECKING:
    import polars as pl

INDEX = "index.html"
_CARDS = "cards/"
_LARGE = 150_000


class ChartPage(Struct, frozen=True):
    """A page written: its key in the store, a PNG of the chart, rows drawn."""

    key: str
    picture: bytes
    rows: int


class Pages:
    """One page per chart, one script for all, and an index, at the top of `store`."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def write(
        self, chart: Chart, rows: "pl.DataFrame", subject: ChartSubject, built_at: datetime
    ) -> ChartPage:
        """Write the chart's page; equal arguments give equal bytes, in any order of rows.

        `built_at` is an aware instant. Abort where there are too many rows to inline.
        """
        frame = drawn(chart, rows)
        made = specified(chart, frame)
        values = made["data"]["values"]
        still = picture(made)
        if len(still) > _LARGE:
            still = picture(made, scale=0.6)
        name, script = bundle()
        self._store.put_if_absent(name, script)
        key = f"{subject.table}.html"
        text = page(
            chart,
            subject,
            made,
            frame,
            values,
            rows=len(rows),
            built_at=built_at,
            still=still,
            bundle=name,
        )
        self._store.put(key, text.encode())
        self._store.put(
            f"{_CARDS}{subject.table}.json",
            msgspec.json.encode(
                Card(
                    page=key,
                    title=chart.title,
                    subtitle=chart.subtitle,
                    subject=subject,
                    rows=len(rows),
                    built_at=built_at,
                    light=picture(_bare(made)),
                    dark=picture(_bare(made), dark=True),
                )
            ),
        )
        return ChartPage(key, still, len(values))

    def index(self, tables: Collection[str] | None = None) -> str:
        """Write the index of all charts written, or of those of `tables`; its key.

        Writers may race: each looks again after writing, so the last index misses none.
        """
        text = ""
        while text != (text := index(self._cards(tables))):
            self._store.put(INDEX, text.encode())
        return INDEX

    def _cards(self, tables: Collection[str] | None) -> list[Card]:
        cards = []
        for found in self._store.list(_CARDS):
            with self._store.open(found.key) as file:
                cards.append(msgspec.json.decode(file.read(), type=Card))
        return [card for card in cards if tables is None or card.subject.table in tables]


def _bare(specification: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in specification.items() if key != "title"}
