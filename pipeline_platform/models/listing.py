"""What can be read by name: tables of the lake, and answers of views."""

from typing import Any, Literal

from pipeline_platform.contracts.names import LAYERS, TableName
from pipeline_platform.engine.engine import Engine
from pipeline_platform.errors import UnknownName
from pipeline_platform.lake import catalog
from pipeline_platform.lake.catalog import ColumnDescription, TableDescription
from pipeline_platform.lake.lake import Lake
from pipeline_platform.lake.shape import as_frame
from pipeline_platform.views import named
from pipeline_platform.views.named import Answered


def names(lake: Lake) -> list[str]:
    """Every name that a statement may read, in order."""
    return sorted([*(str(name) for name in catalog.names(lake)), *named.names(lake)])


def tables(lake: Lake, layer: str | None = None) -> list[TableDescription]:
    """Tables and views of the lake, or of one layer, by name; how many rows a view has is None."""
    shown = [
        _listed(name, view)
        for name in named.names(lake)
        if layer in (None, "serving") and (view := named.answered(lake, TableName.parse(name)))
    ]
    return sorted([*catalog.tables(lake, layer), *shown], key=_by_layer)


def _by_layer(table: TableDescription) -> tuple[int, str]:
    name = TableName.parse(table.name)
    return LAYERS.index(name.layer), name.name


def describe(lake: Lake, name: str) -> list[ColumnDescription]:
    """The columns of `layer.name` in order; raises UnknownName for an unknown name."""
    view = _view(lake, name)
    return catalog.describe(lake, name) if view is None else catalog.described(view.schema)


def load(
    lake: Lake, engine: Engine, name: str, as_: Literal["pandas", "polars", "arrow"] = "pandas"
) -> Any:
    """All rows of `layer.name`, a table or a view; timestamps in UTC.

    Raises UnknownName for an unknown name or kind of frame.
    """
    view = _view(lake, name)
    if view is None:
        return catalog.load(lake, name, as_)
    if as_ not in catalog.KINDS:
        raise UnknownName("kind of frame", as_, (*catalog.KINDS, "pyspark"))
    rows = view.reading.standing.table() if view.standing else view.reading.answer(engine)
    if as_ == "polars":
        return as_frame(rows)
    return rows if as_ == "arrow" else rows.to_pandas()


def _view(lake: Lake, name: str) -> Answered | None:
    known = names(lake)
    if name not in known:
        raise UnknownName("table", name, known)
    return named.answered(lake, TableName.parse(name))


def _listed(name: str, view: Answered) -> TableDescription:
    said = "Standing of the view." if view.standing else "Merged answer of the view."
    return TableDescription(name, None, view.version, said)
