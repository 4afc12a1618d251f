"""Operational tables: what is read, and the three tables that come of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

from pipeline_platform.contracts.models import TableCheck
from pipeline_platform.contracts.names import check_name
from pipeline_platform.contracts.source_tables import (
    LEDGER,
    VERSION,
    SourceColumn,
    SourceTable,
)
from pipeline_platform.contracts.types import DataType
from pipeline_platform.declarations.model_checks import checks_of
from pipeline_platform.declarations.places import Place
from pipeline_platform.declarations.table_attributes import OperationalTableAttributes
from pipeline_platform.declarations.tables import About, DeclaredTable
from pipeline_platform.declarations.values import seconds
from pipeline_platform.errors import DeclarationError, UnknownName


@dataclass(frozen=True)
class DeclaredSourceTable:
    """An operational table: what is read of the database, and its three tables."""

    contract: SourceTable
    raw: DeclaredTable
    current: DeclaredTable
    history: DeclaredTable
    attributes: OperationalTableAttributes
    place: Place
    checks: tuple[TableCheck, ...] = ()

    @classmethod
    def of(
        cls, attributes: OperationalTableAttributes, name: str, place: Place
    ) -> "DeclaredSourceTable":
        """The operational table that the YAML in `place` declares."""
        check_name(name, kind="table", where=place.at("name"))
        contract = _contract(attributes, name, place)
        return cls(contract, *_tables(contract, attributes, place), attributes, place)

    @property
    def tables(self) -> tuple[DeclaredTable, DeclaredTable, DeclaredTable]:
        """Ledger of snapshots, current rows, history."""
        return self.raw, self.current, self.history

    def with_checks(self, tables: Mapping[str, DeclaredTable]) -> Self:
        """The table with its checks, which may refer to any table."""
        own = checks_of(self.attributes.checks, self.current, tables, self.place)
        return replace(self, checks=(*_promised(self.contract), *own))


def _contract(attributes: OperationalTableAttributes, name: str, place: Place) -> SourceTable:
    source = attributes.source
    if not (source.url or source.file):
        raise DeclarationError(
            f"nothing says where {name} is read",
            where=place.at("source"),
            known="neither `url` nor `file` is given",
            remedy="name the environment variable with the database's URL: `url: ..._URL`",
        )
    for index, column in enumerate(attributes.key):
        if column not in attributes.columns:
            where = place.at("key", index)
            raise UnknownName("column", column, attributes.columns, where=where)
    columns = tuple(
        SourceColumn(
            name=check_name(column, kind="column", where=place.at("columns", column)),
            type=DataType.parse(said.type, where=place.at("columns", column, "type")),
            nullable=said.nullable and column not in attributes.key,
            description=said.description,
            personal=said.personal,
            source=said.source,
        )
        for column, said in attributes.columns.items()
    )
    try:
        return SourceTable(
            name=name,
            key=tuple(attributes.key),
            columns=columns,
            table=source.table,
            schema=source.schema_,
            url_variable=source.url,
            replica_variable=source.replica,
            file=source.file,
            chunk_rows=source.chunk_rows,
            time_limit_s=seconds(source.time_limit),
        )
    except DeclarationError as error:
        raise DeclarationError(
            error.what, where=place.at("columns"), known=error.known, remedy=error.remedy
        ) from None


def _tables(
    contract: SourceTable, attributes: OperationalTableAttributes, place: Place
) -> tuple[DeclaredTable, DeclaredTable, DeclaredTable]:
    about, said = About.of(attributes, place), attributes.description
    raw = DeclaredTable(
        name=contract.ledger,
        description=f"{said}\n\nThe ledger of snapshots. Materializing takes one.",
        about=about,
        columns=LEDGER,
        where=place.at(),
        kinds=frozenset({"parquet", "deltalake"}),
    )
    current = DeclaredTable(
        name=contract.current,
        description=f"{said}\n\nThe rows as the last snapshot holds them.",
        about=about,
        columns=contract.table_columns,
        where=place.at(),
        kinds=frozenset({"deltalake"}),
        code_version=contract.fingerprint,
    )
    history = DeclaredTable(
        name=contract.history,
        description=f"{said}\n\nEvery version of every row; a row that vanished at the source is "
        "closed. The first version of a key is valid from the beginning of time.",
        about=about,
        columns=(*contract.table_columns, *VERSION),
        where=place.at(),
        kinds=frozenset({"deltalake"}),
        code_version=contract.fingerprint,
    )
    return raw, current, history


def _promised(contract: SourceTable) -> tuple[TableCheck, ...]:
    required = tuple(c.name for c in contract.columns if not contract.nullable(c))
    return (
        TableCheck("unique_key", "unique", contract.key, blocking=True),
        TableCheck("not_null", "not_null", required, blocking=True),
    )
