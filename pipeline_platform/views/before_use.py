"""The check that a view passes before it answers for the first time."""

from pathlib import Path

from pipeline_platform.contracts.names import TableName
from pipeline_platform.contracts.views import DimensionTable, View
from pipeline_platform.engine.engine import Engine
from pipeline_platform.lake.lake import Lake
from pipeline_platform.lake.schema import spark_type
from pipeline_platform.views.check import ensure_checked

FOLDER = "_checks"


def check_before_use(view: View, *, engine: Engine, lake: Lake) -> None:
    """Hold the view to its own SQL on this engine, unless the lake remembers that it was.

    The stream's accepted table and the dimensions' tables give the columns; those of pinned
    dimensions are said. Raises Abort that
    names the group in which the answer would be wrong.
    """
    split = view.split
    dimensions = {t: DimensionTable(_types(lake, TableName.parse(t))) for t in split.dimensions}
    dimensions |= {pinned.table: DimensionTable(pinned.columns) for pinned in split.pinned}
    columns, remembered = _types(lake, view.source), Path(lake.root) / FOLDER
    ensure_checked(view, columns, engine, remembered, dimensions=dimensions)


def _types(lake: Lake, table: TableName) -> dict[str, str]:
    return {field.name: spark_type(field.type) for field in lake.table(table).snapshot().schema}
