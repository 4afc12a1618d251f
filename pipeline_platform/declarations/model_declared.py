"""Models with their columns, lineage, days and checks."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import msgspec

from pipeline_platform.contracts.charts import Chart
from pipeline_platform.contracts.models import Model, TableColumn
from pipeline_platform.declarations.chart_declared import chart_of
from pipeline_platform.declarations.computed_columns import Found, computed_columns
from pipeline_platform.declarations.model_attributes import ModelAttributes
from pipeline_platform.declarations.model_checks import checks_of
from pipeline_platform.declarations.model_days import PARAMETERS, days_read, partitioning_of
from pipeline_platform.declarations.model_source import ModelSource
from pipeline_platform.declarations.tables import About, DeclaredTable
from pipeline_platform.errors import DeclarationError, UnknownName
from pipeline_platform.sql.analysis import Analysis, analyse


@dataclass(frozen=True)
class DeclaredModel:
    """A model ready to build: its value, its table as the graph shows it, its refresh."""

    model: Model
    table: DeclaredTable
    source: ModelSource
    chart: Chart | None = None

    @property
    def attributes(self) -> ModelAttributes:
        """The YAML."""
        return self.source.attributes

    def with_checks(self, tables: Mapping[str, DeclaredTable]) -> Self:
        """The model with its checks, which may refer to any table."""
        checks = checks_of(self.attributes.checks, self.table, tables, self.source.place)
        model = msgspec.structs.replace(self.model, checks=checks)
        return replace(self, model=model)


def declare(source: ModelSource, tables: Mapping[str, DeclaredTable]) -> DeclaredModel:
    """The model with columns, types, lineage and days, given the tables it reads."""
    attributes, place = source.attributes, source.place
    analysis = _analyse(source, tables) if source.sql else None
    columns = _columns(source, analysis, tables)
    inputs = analysis.tables if analysis else tuple(attributes.inputs)
    partitioning = partitioning_of(
        source, columns, inputs, tables, analysis.parameters if analysis else None
    )
    model = Model(
        table=source.table,
        columns=columns,
        inputs={t: days_read(t, attributes, partitioning, tables[t].partitioning) for t in inputs},
        sql=source.sql,
        python="" if source.sql else str(source.body),
        partitioning=partitioning,
    )
    chart = _chart(source, columns)
    table = DeclaredTable(
        name=source.table,
        description=attributes.description,
        about=About.of(attributes, place),
        columns=columns,
        where=place.at(),
        partitioning=partitioning,
        kinds=frozenset({"sql" if source.sql else "python", "deltalake"}),
        code_version=_version(model, chart),
    )
    return DeclaredModel(model, table, source, chart)


def _version(model: Model, chart: Chart | None) -> str:
    """What decides the rows, and the page that is written with them."""
    if chart is None:
        return model.code_version
    drawn = hashlib.sha256(msgspec.json.encode(chart, order="deterministic")).hexdigest()
    return f"{model.code_version}-{drawn[:6]}"


def _chart(source: ModelSource, columns: tuple[TableColumn, ...]) -> Chart | None:
    said, place = source.attributes.chart, source.place
    if said is None:
        return None
    if source.attributes.layer != "mart":
        raise DeclarationError(
            f"{source.table} has a chart but is no mart",
            where=place.at("chart"),
            known="a chart shows one mart",
            remedy="declare the chart in a mart that reads this table",
        )
    return chart_of(said, columns, place)


def _analyse(source: ModelSource, tables: Mapping[str, DeclaredTable]) -> Analysis:
    types = {name: table.types for name, table in tables.items()}
    analysis = analyse(source.sql, types, path=source.shown)
    for name in sorted(analysis.parameters - PARAMETERS):
        raise UnknownName("parameter", name, PARAMETERS, where=_place(source, f":{name}"))
    if analysis.parameters and not source.attributes.partition:
        raise DeclarationError(
            f"{source.table} takes a window but is not cut into days",
            where=source.shown,
            known=f"parameters: {', '.join(':' + p for p in sorted(analysis.parameters))}",
            remedy="declare `partition`, or take the parameters out of the SQL",
        )
    return analysis


def _place(source: ModelSource, text: str) -> str:
    before = source.sql[: source.sql.index(text)].splitlines() or [""]
    return f"{source.shown}:{len(before)}:{len(before[-1]) + 1}"


def _columns(
    source: ModelSource, analysis: Analysis | None, tables: Mapping[str, DeclaredTable]
) -> tuple[TableColumn, ...]:
    declared, place = source.attributes.columns, source.place
    if analysis is None:
        found: list[Found] = [
            (name, column.type or None, tuple(column.sources)) for name, column in declared.items()
        ]
    else:
        found = [(c.name, c.type, c.sources) for c in analysis.columns]
    return computed_columns(found, declared, tables, place, source.shown)
