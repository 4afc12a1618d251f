"""All streams and models of a project, resolved against each other once."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import dagster as dg

from pipeline_platform.components.declared import About, DeclaredTable
from pipeline_platform.components.model_attributes import ModelAttributes
from pipeline_platform.components.model_declared import DeclaredModel, declare
from pipeline_platform.components.model_source import in_order, source_of
from pipeline_platform.components.places import Place
from pipeline_platform.components.stream_attributes import StreamAttributes
from pipeline_platform.components.stream_contract import contract_of
from pipeline_platform.components.stream_tables import stream_tables
from pipeline_platform.contracts.stream import StreamContract
from pipeline_platform.errors import DeclarationError, PlatformError


@dataclass(frozen=True)
class DeclaredStream:
    """A stream: its contract and its three tables."""

    contract: StreamContract
    raw: DeclaredTable
    accepted: DeclaredTable
    refused: DeclaredTable
    attributes: StreamAttributes

    @classmethod
    def of(cls, attributes: StreamAttributes, name: str, place: Place) -> "DeclaredStream":
        """The stream that the YAML in `place` declares."""
        contract = contract_of(attributes, name, place)
        about = About.of(attributes, place)
        tables = stream_tables(contract, attributes.description, about, place.at())
        return cls(contract, *tables, attributes)

    @property
    def tables(self) -> tuple[DeclaredTable, DeclaredTable, DeclaredTable]:
        """Ledger, accepted and refused rows."""
        return self.raw, self.accepted, self.refused


@dataclass(frozen=True)
class Declarations:
    """What exists: streams and models by name, and every table by `layer.table`."""

    streams: dict[str, DeclaredStream]
    models: dict[str, DeclaredModel]
    tables: dict[str, DeclaredTable]


def resolve(
    streams: Iterable[tuple[StreamAttributes, str, Place]],
    models: Iterable[tuple[ModelAttributes, str, Place]],
) -> Declarations:
    """Everything declared, checked; DeclarationError names file, line, known and likely names."""
    tables: dict[str, DeclaredTable] = {}
    found: dict[str, DeclaredStream] = {}
    for attributes, name, place in streams:
        stream = DeclaredStream.of(attributes, name, place)
        for table in stream.tables:
            _add(table, tables)
        found[name] = stream
    sources = [source_of(*model) for model in models]
    _refuse_twins([(str(s.table), s.place.at()) for s in sources], tables)
    built: dict[str, DeclaredModel] = {}
    for source in in_order(sources, tables):
        built[str(source.table)] = model = declare(source, tables)
        _add(model.table, tables)
    return Declarations(
        streams=found,
        models={name: model.with_checks(tables) for name, model in built.items()},
        tables=tables,
    )


def _add(table: DeclaredTable, tables: dict[str, DeclaredTable]) -> None:
    _refuse_twins([(str(table.name), table.where)], tables)
    tables[str(table.name)] = table


def _refuse_twins(names: Iterable[tuple[str, str]], tables: dict[str, DeclaredTable]) -> None:
    seen = {name: table.where for name, table in tables.items()}
    for name, where in names:
        if name in seen:
            raise DeclarationError(
                f"table {name} is declared twice",
                where=where,
                known=f"it is also declared in {seen[name]}",
                remedy="rename one of the two folders, or give it a `name`",
            )
        seen[name] = where


@contextmanager
def refused() -> Iterator[None]:
    """Turn a wrong declaration into Dagster's own error, without our stack."""
    try:
        yield
    except PlatformError as error:
        raise dg.DagsterInvalidDefinitionError(str(error)) from None
