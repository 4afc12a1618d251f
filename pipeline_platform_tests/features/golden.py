"""Point-in-time cases as Markdown: a group, the spine, the rows, the features they give.

`python -m pipeline_platform_tests.features.golden spark FILE` writes one engine's answers.
"""

import json
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import yaml

from pipeline_platform.contracts.features import AsOf, FeatureSet, Spine, Window
from pipeline_platform.contracts.models import TableColumn
from pipeline_platform.contracts.names import TableName
from pipeline_platform.engine.engine import Engine
from pipeline_platform.features.build import over_views
from pipeline_platform.lake.schema import arrow_schema
from pipeline_platform_tests.engine.answers import start

CASES = Path(__file__).with_name("cases")
NAMES = sorted(path.stem for path in CASES.glob("*.md"))
SPINE, ROWS = "serving.spine", "serving.rows"


class Case:
    """One file; instants without a date are of one day."""

    def __init__(self, name: str) -> None:
        self._text = (CASES / f"{name}.md").read_text()
        found = re.search(r"```yaml\n(.*?)```", self._text, re.DOTALL)
        assert found
        common = {"table": ROWS, "event_ts": "event", "available_at": "available"}
        given = yaml.safe_load(found[1])
        self.group: AsOf | Window = msgspec.convert(common | given, AsOf | Window)

    @cached_property
    def spine(self) -> pa.Table:
        """The spine's columns, numbered by `row`."""
        spine = self._table("spine")
        numbers = pa.array(range(spine.num_rows), pa.int32())
        return spine.add_column(0, pa.field("row", pa.int32()), numbers)

    @cached_property
    def rows(self) -> pa.Table:
        """The rows of the group's table."""
        return self._table("rows")

    @cached_property
    def wanted(self) -> list[tuple[Any, ...]]:
        """The features of every row of the spine, as `shown` gives them."""
        return shown(self._table("features"))

    @property
    def feature_set(self) -> FeatureSet:
        """The case as a feature set without partitions."""
        columns = [("row", "int"), *self._header("spine"), *self._header("features")]
        return FeatureSet(
            table=TableName("feature", "found"),
            spine=Spine(SPINE, "at", tuple(self.spine.column_names)),
            groups=(self.group,),
            columns=tuple(TableColumn(name, kind) for name, kind in columns),
            inputs={SPINE: (0, 0), ROWS: (0, 0)},
        )

    def _lines(self, title: str) -> list[list[str]]:
        section = self._text.split(f"## {title}\n")[1].split("\n## ")[0]
        lines = [line for line in section.splitlines() if line.startswith("|")]
        return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]

    def _header(self, title: str) -> list[tuple[str, str]]:
        pairs = (cell.split(":") for cell in self._lines(title)[0])
        return [(name.strip(), kind.strip()) for name, kind in pairs]

    def _table(self, title: str) -> pa.Table:
        header = self._header(title)
        schema = arrow_schema((name, kind, True) for name, kind in header)
        kinds = [kind for _, kind in header]
        cells = [
            [_cell(c, k) for c, k in zip(r, kinds, strict=True)] for r in self._lines(title)[2:]
        ]
        columns = [
            pa.array(column, field.type)
            for column, field in zip(zip(*cells, strict=True), schema, strict=True)
        ]
        return pa.Table.from_arrays(columns, schema=schema)


def _cell(text: str, kind: str) -> Any:
    if text == "NULL":
        return None
    if kind == "timestamp":
        return datetime.fromisoformat(f"2013-01-01T{text}").replace(tzinfo=UTC)
    if kind == "double":
        return float(text)
    return Decimal(text) if kind.startswith("decimal") else text if kind == "string" else int(text)


def shown(table: pa.Table, columns: Sequence[str] | None = None) -> list[tuple[Any, ...]]:
    """The rows as text, so that NaN equals itself and 1 is not 1.0."""
    return [
        tuple(map(str, row.values()))
        for row in table.select(columns or table.column_names).to_pylist()
    ]


def answers(engine: Engine) -> dict[str, list[tuple[Any, ...]]]:
    """The features of every case by the engine's SQL over frames in memory."""
    found = {}
    for name in NAMES:
        case = Case(name)
        engine.frame("case_spine", case.spine)
        engine.frame("case_rows", case.rows)
        views = {SPINE: "case_spine", ROWS: "case_rows"}
        table = over_views(case.feature_set, None, views, engine=engine).sort_by("row")
        found[name] = shown(table, case.feature_set.features)
    return found


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(json.dumps(answers(start(sys.argv[1]))))
