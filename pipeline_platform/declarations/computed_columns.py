"""The columns of a table computed by SQL: types, lineage, personal data."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from pipeline_platform.contracts.models import TableColumn
from pipeline_platform.contracts.types import DataType
from pipeline_platform.declarations.places import Place
from pipeline_platform.declarations.tables import DeclaredTable, personal_kinds
from pipeline_platform.errors import DeclarationError, UnknownName

Found = tuple[str, str | None, tuple[str, ...]]
"""Name of a column, its type if it is known, the `layer.table.column` it comes from."""


class SaidColumn(Protocol):
    """What a YAML says about a column."""

    description: str
    type: str
    nullable: bool
    personal: str


def computed_columns(
    found: Iterable[Found],
    said: Mapping[str, SaidColumn],
    tables: Mapping[str, DeclaredTable],
    place: Place,
    shown: str,
) -> tuple[TableColumn, ...]:
    """The columns with what `said` adds to them; `shown` is the path of the SQL.

    UnknownName: something is said of a column that is none, or an origin is none.
    DeclarationError: a type is neither known nor said.
    """
    listed = list(found)
    names = [name for name, _, _ in listed]
    for name in said:
        if name not in names:
            raise UnknownName("column", name, names, where=place.at("columns", name))
    typed = [n for n, kind, _ in listed if kind]
    return tuple(_column(one, said.get(one[0]), tables, place, shown, typed) for one in listed)


def _column(
    found: Found,
    said: SaidColumn | None,
    tables: Mapping[str, DeclaredTable],
    place: Place,
    shown: str,
    typed: list[str],
) -> TableColumn:
    name, kind, origins = found
    where = place.at("columns", name) if said else shown
    upstream = [_origin(origin, tables, where) for origin in origins]
    written = said.type if said else ""
    if not (written or kind):
        raise DeclarationError(
            f"the type of column {name!r} cannot be told from the SQL",
            where=where,
            known=f"columns with a known type: {', '.join(typed) or 'none'}",
            remedy=f"declare it: `{name}: {{type: ..., description: ...}}` under `columns`",
        )
    plain = upstream[0] if len(upstream) == 1 and upstream[0].name == name else None
    return TableColumn(
        name=name,
        type=str(DataType.parse(written or str(kind), where=where)),
        nullable=said.nullable if said else True,
        description=(said.description if said else "") or (plain.description if plain else ""),
        personal=personal_kinds(said.personal if said else "", origins, tables),
        sources=origins,
    )


def _origin(origin: str, tables: Mapping[str, DeclaredTable], where: str) -> TableColumn:
    table, _, column = origin.rpartition(".")
    if table not in tables:
        raise UnknownName("table", table, tables, where=where)
    by_name = {c.name: c for c in tables[table].columns}
    if column not in by_name:
        raise UnknownName(f"column of {table}", column, by_name, where=where)
    return by_name[column]
