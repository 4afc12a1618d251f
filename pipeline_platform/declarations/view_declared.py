"""Views with their three statements, columns, lineage and checks."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import msgspec

from pipeline_platform.contracts.charts import Chart
from pipeline_platform.contracts.models import Partitioning, TableCheck, TableColumn
from pipeline_platform.contracts.views import DimensionTable, Split, View
from pipeline_platform.declarations.chart_declared import chart_of
from pipeline_platform.declarations.computed_columns import computed_columns
from pipeline_platform.declarations.model_checks import checks_of
from pipeline_platform.declarations.tables import About, DeclaredTable
from pipeline_platform.declarations.view_attributes import ViewAttributes
from pipeline_platform.declarations.view_source import ViewSource
from pipeline_platform.errors import DeclarationError
from pipeline_platform.sql.analysis import analyse
from pipeline_platform.views.splitting import split

CUT = TableColumn("_cut", "bigint", False, "Epoch up to which the row is settled.")
Keys = Mapping[str, tuple[tuple[str, ...], ...]]
"""By `layer.table`: the sets of columns that name a row at most once."""


@dataclass(frozen=True)
class DeclaredView:
    """A view ready to be kept up: its value, its tables as the graph shows them.

    `batch` is the settled answer, None where only the real-time path is on; `stream` and
    `dimensions` are what it reads, as `layer.table`.
    """

    view: View
    table: DeclaredTable
    batch: DeclaredTable | None
    source: ViewSource
    chart: Chart | None = None
    checks: tuple[TableCheck, ...] = ()

    @property
    def attributes(self) -> ViewAttributes:
        """The YAML."""
        return self.source.attributes

    @property
    def stream(self) -> str:
        """The accepted rows that it folds."""
        return str(self.view.source)

    @property
    def dimensions(self) -> tuple[str, ...]:
        """The tables that it joins, in the answer or by day."""
        return self.view.split.joined

    @property
    def tables(self) -> tuple[DeclaredTable, ...]:
        """The answer, and the settled answer where there is one."""
        return (self.table, self.batch) if self.batch else (self.table,)

    def with_checks(self, tables: Mapping[str, DeclaredTable]) -> Self:
        """The view with its checks, which may refer to any table."""
        found = checks_of(self.attributes.checks, self.table, tables, self.source.place)
        return replace(self, checks=found)


def declare_view(
    source: ViewSource,
    streams: Mapping[str, str],
    keys: Keys,
    tables: Mapping[str, DeclaredTable],
) -> DeclaredView:
    """The view, given the streams by the name of their accepted table and all tables' keys.

    DeclarationError: the SQL is none that can be split, or a type is neither known nor said.
    """
    attributes, place = source.attributes, source.place
    stream = _stream(source, streams)
    parts = _split(source, stream, streams[stream], keys, tables)
    view = View(
        name=source.table.name,
        stream=streams[stream],
        sql=source.sql,
        columns=_columns(source, tables),
        split=parts,
        paths=attributes.paths,
    )
    chart = chart_of(attributes.chart, view.columns, place) if attributes.chart else None
    table = DeclaredTable(
        name=view.table,
        description=attributes.description,
        about=About.of(attributes, place),
        columns=view.columns,
        where=place.at(),
        kinds=frozenset({"sql", "deltalake"}),
        code_version=_version(view, chart),
    )
    days = tables[stream].partitioning
    return DeclaredView(view, table, _batch(view, table, days), source, chart)


def _stream(source: ViewSource, streams: Mapping[str, str]) -> str:
    """The accepted table of the first stream that the view names."""
    found = next((table for table in source.reads() if table in streams), None)
    if found is None:
        raise DeclarationError(
            f"{source.table} reads no stream",
            where=next(iter(source.reads().values()), source.shown),
            known=f"streams: {', '.join(sorted(streams)) or 'none'}",
            remedy="aggregate the accepted rows of one stream; over other tables write a model",
        )
    return found


def _split(
    source: ViewSource,
    stream: str,
    name: str,
    keys: Keys,
    tables: Mapping[str, DeclaredTable],
) -> Split:
    dimensions = {
        table: DimensionTable(tables[table].types, keys.get(table, ()))
        for table in source.reads()
        if table != stream
    }
    return split(source.sql, name, tables[stream].types, dimensions, path=source.shown)


def _columns(source: ViewSource, tables: Mapping[str, DeclaredTable]) -> tuple[TableColumn, ...]:
    types = {name: table.types for name, table in tables.items()}
    found = analyse(source.sql, types, path=source.shown).columns
    return computed_columns(
        ((c.name, c.type, c.sources) for c in found),
        source.attributes.columns,
        tables,
        source.place,
        source.shown,
    )


def _version(view: View, chart: Chart | None) -> str:
    """What decides the answer, who keeps it up, and how it is drawn."""
    return _digest([view.code_version, view.paths, chart])


def _batch(view: View, table: DeclaredTable, days: Partitioning | None) -> DeclaredTable | None:
    """The settled answer; a day of it is a day of the stream that the batch has settled."""
    if view.paths == "speed":
        return None
    columns = [(column.name, column.type) for column in view.columns]
    return replace(
        table,
        name=view.batch,
        description=f"{table.description}\n\nThe settled answer, for readers outside: the rows "
        "that the batch has covered, with their cut. Materializing a day settles it.",
        columns=(*view.columns, CUT),
        partitioning=days,
        code_version=_digest([view.stream, view.split, columns]),
    )


def _digest(values: Sequence[object]) -> str:
    return hashlib.sha256(msgspec.json.encode(values, order="deterministic")).hexdigest()[:12]
