"""Tables by name, for people: rows as pandas, Polars or Arrow, and descriptions."""

from typing import TYPE_CHECKING, Literal, NamedTuple, overload

import polars as pl
import pyarrow as pa

from pipeline_platform.contracts.names import TableName
from pipeline_platform.errors import UnknownName
from pipeline_platform.lake.lake import Lake
from pipeline_platform.lake.refused import is_refused, visible
from pipeline_platform.lake.schema import comment, spark_type
from pipeline_platform.lake.snapshot import Snapshot

if TYPE_CHECKING:
    import pandas as pd

KINDS = ("pandas", "polars", "arrow")


class ColumnDescription(NamedTuple):
    """A column as DESCRIBE shows it; `type` in Spark's words."""

    column: str
    type: str
    nullable: bool
    comment: str


class TableDescription(NamedTuple):
    """A table as SHOW TABLES shows it; `rows` from the log, None where it cannot know."""

    name: str
    rows: int | None
    version: int
    comment: str


@overload
def load(
    lake: Lake, name: str, as_: Literal["polars"], version: int | None = None
) -> pl.DataFrame: ...
@overload
def load(lake: Lake, name: str, as_: Literal["arrow"], version: int | None = None) -> pa.Table: ...
@overload
def load(
    lake: Lake, name: str, as_: Literal["pandas"] = "pandas", version: int | None = None
) -> "pd.DataFrame": ...
def load(
    lake: Lake,
    name: str,
    as_: Literal["pandas", "polars", "arrow"] = "pandas",
    version: int | None = None,
) -> "pd.DataFrame | pl.DataFrame | pa.Table":
    """All rows of `layer.name` at its newest or the given version; timestamps in UTC.

    Of refused rows those that are open: of committed epochs, and not replayed.
    Raises UnknownName for an unknown table or kind.
    """
    if as_ not in KINDS:
        raise UnknownName("kind of frame", as_, (*KINDS, "pyspark"))
    snapshot = _snapshot(lake, name, version)
    named = TableName.parse(name)
    rows = visible(lake, named).of(snapshot) if is_refused(named) else snapshot.frame()
    frame = rows.collect()
    if as_ == "polars":
        return frame
    table = frame.to_arrow().cast(snapshot.schema)
    return table if as_ == "arrow" else table.to_pandas()


def describe(lake: Lake, name: str) -> list[ColumnDescription]:
    """The columns of `layer.name` in order; raises UnknownName for an unknown table."""
    return described(_snapshot(lake, name).schema)


def described(schema: pa.Schema) -> list[ColumnDescription]:
    """The columns of a schema in order."""
    return [
        ColumnDescription(field.name, spark_type(field.type), field.nullable, comment(field))
        for field in schema
    ]


def tables(lake: Lake, layer: str | None = None) -> list[TableDescription]:
    """The tables of the lake, or of one layer, by name; without the internal ones."""
    found = [name for name in names(lake) if layer in (None, name.layer)]
    return [_listed(str(name), lake.table(name).snapshot()) for name in found]


def names(lake: Lake) -> list[TableName]:
    """The tables that are for people, by name: views keep what they need in tables of their own."""
    return [name for name in lake.names() if not is_internal(name)]


def is_internal(name: TableName) -> bool:
    """Whether the table holds a view's states, its pinned dimensions or its live pointer."""
    kept = ("__states_", "__pinned_")
    own = any(part in name.name for part in kept) or name.name.endswith("__live")
    return name.layer == "serving" and own


def _snapshot(lake: Lake, name: str, version: int | None = None) -> Snapshot:
    known = [str(table) for table in lake.names()]
    if name not in known:
        raise UnknownName("table", name, known)
    return lake.table(TableName.parse(name)).snapshot(version)


def _listed(name: str, snapshot: Snapshot) -> TableDescription:
    return TableDescription(name, snapshot.num_rows, snapshot.version, snapshot.description)
