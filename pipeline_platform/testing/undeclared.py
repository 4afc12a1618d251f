"""Tables that no folder declares, with columns as the given rows have them."""

from collections.abc import Mapping
from datetime import date

from pipeline_platform.contracts.models import Partitioning, TableColumn
from pipeline_platform.contracts.names import DAY, TableName
from pipeline_platform.contracts.types import DataType
from pipeline_platform.declarations.tables import About, DeclaredTable
from pipeline_platform.errors import DeclarationError
from pipeline_platform.testing.sources import GivenRows, Source, source

Schemas = Mapping[str, Mapping[str, str]]
_BEGINNING = date(1900, 1, 1)


def undeclared(given: Mapping[str, GivenRows], schemas: Schemas) -> dict[str, DeclaredTable]:
    """Each given table with its types from `schemas`, else as its values are.

    DeclarationError: a column whose type cannot be told, because it holds no value.
    """
    names = dict.fromkeys([*given, *schemas])
    return {name: _table(name, given.get(name, ()), schemas.get(name, {})) for name in names}


def _table(name: str, given: GivenRows, schema: Mapping[str, str]) -> DeclaredTable:
    where = f"schemas[{name!r}]"
    rows = source(given, f"tables[{name!r}]")
    types = {c: str(DataType.parse(t, where=f"{where}, column {c}")) for c, t in schema.items()}
    for column in rows.columns:
        types.setdefault(column, _type(column, rows, where))
    days = [c for c in (DAY, *types) if types.get(c) == "date"]
    return DeclaredTable(
        name=TableName.parse(name, where="tables"),
        description="",
        about=About("", "", {}),
        columns=tuple(TableColumn(column, kind) for column, kind in types.items()),
        where=where,
        partitioning=Partitioning(days[0], _BEGINNING) if days else None,
    )


def _type(column: str, rows: Source, where: str) -> str:
    import polars as pl

    from pipeline_platform.lake.schema import spark_type, standard

    values = rows.columns[column]
    series = values if isinstance(values, pl.Series) else pl.Series(column, values)
    if series.dtype == pl.Null:
        raise DeclarationError(
            f"the type of column {column!r} cannot be told",
            where=where,
            known="no row has a value in it, and no declaration lies above the folder",
            remedy=f"give it: schemas={{table: {{{column!r}: 'bigint'}}}}",
        )
    if isinstance(series.dtype, pl.Datetime):
        return "timestamp"
    return spark_type(standard(series.to_frame().to_arrow().schema, where=where).field(0).type)
