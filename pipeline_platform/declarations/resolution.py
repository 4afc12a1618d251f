"""Everything that a project declares, resolved against each other once."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from pipeline_platform.contracts.stream import StreamContract
from pipeline_platform.declarations.derived import in_order
from pipeline_platform.declarations.model_attributes import ModelAttributes
from pipeline_platform.declarations.model_declared import DeclaredModel, declare
from pipeline_platform.declarations.model_source import ModelSource
from pipeline_platform.declarations.places import Place
from pipeline_platform.declarations.stream_attributes import StreamAttributes
from pipeline_platform.declarations.stream_contract import contract_of
from pipeline_platform.declarations.stream_tables import stream_tables
from pipeline_platform.declarations.tables import About, DeclaredTable
from pipeline_platform.declarations.values import Asset
from pipeline_platform.errors import DeclarationError


@dataclass(frozen=True)
class Part:
    """What one folder declares: its YAML, the name it gives, its place."""

    attributes: Asset
    name: str
    place: Place


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

    streams: dict[str, DeclaredStream] = field(default_factory=dict)
    models: dict[str, DeclaredModel] = field(default_factory=dict)
    tables: dict[str, DeclaredTable] = field(default_factory=dict)

    def add(self, table: DeclaredTable) -> None:
        """Enter a table; DeclarationError when its name is taken."""
        _refuse_twin(str(table.name), table.where, self.tables)
        self.tables[str(table.name)] = table


T = TypeVar("T", bound=Asset)


def resolve(parts: Iterable[Part]) -> Declarations:
    """Everything declared, checked; DeclarationError names file, line, known and likely names."""
    listed, found = list(parts), Declarations()
    for stream in (DeclaredStream.of(*part) for part in _of(listed, StreamAttributes)):
        for table in stream.tables:
            found.add(table)
        found.streams[stream.contract.name] = stream
    sources = [ModelSource.of(*part) for part in _of(listed, ModelAttributes)]
    _refuse_twins(sources, found.tables)
    for source in in_order(sources, found.tables):
        found.models[str(source.table)] = model = declare(source, found.tables)
        found.add(model.table)
    for name, model in found.models.items():
        found.models[name] = model.with_checks(found.tables)
    return found


def _of(parts: Iterable[Part], kind: type[T]) -> list[tuple[T, str, Place]]:
    return [(p.attributes, p.name, p.place) for p in parts if isinstance(p.attributes, kind)]


def _refuse_twins(sources: Iterable[ModelSource], tables: dict[str, DeclaredTable]) -> None:
    seen = dict(tables)
    for source in sources:
        _refuse_twin(str(source.table), source.where, seen)
        seen[str(source.table)] = source  # type: ignore[assignment]


def _refuse_twin(name: str, where: str, tables: dict[str, DeclaredTable]) -> None:
    if name in tables:
        raise DeclarationError(
            f"table {name} is declared twice",
            where=where,
            known=f"it is also declared in {tables[name].where}",
            remedy="rename one of the two folders, or give it a `name`",
        )
