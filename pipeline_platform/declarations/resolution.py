"""Everything that a project declares, resolved against each other once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, Self, TypeVar

from pipeline_platform.contracts.names import RESERVED
from pipeline_platform.contracts.stream import StreamContract
from pipeline_platform.declarations.derived import in_order
from pipeline_platform.declarations.feature_attributes import FeatureSetAttributes
from pipeline_platform.declarations.feature_declared import DeclaredFeatureSet, declare_features
from pipeline_platform.declarations.feature_source import FeatureSource
from pipeline_platform.declarations.model_attributes import ModelAttributes
from pipeline_platform.declarations.model_declared import DeclaredModel, declare
from pipeline_platform.declarations.model_source import ModelSource
from pipeline_platform.declarations.places import Place
from pipeline_platform.declarations.stream_attributes import StreamAttributes
from pipeline_platform.declarations.stream_contract import contract_of
from pipeline_platform.declarations.stream_tables import stream_tables
from pipeline_platform.declarations.table_attributes import OperationalTableAttributes
from pipeline_platform.declarations.table_declared import DeclaredSourceTable
from pipeline_platform.declarations.tables import About, DeclaredTable
from pipeline_platform.declarations.values import Asset
from pipeline_platform.declarations.view_attributes import ViewAttributes
from pipeline_platform.declarations.view_declared import DeclaredView, declare_view
from pipeline_platform.declarations.view_source import ViewSource
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
    """What exists, by name, and every table by `layer.table`."""

    streams: dict[str, DeclaredStream] = field(default_factory=dict)
    source_tables: dict[str, DeclaredSourceTable] = field(default_factory=dict)
    models: dict[str, DeclaredModel] = field(default_factory=dict)
    feature_sets: dict[str, DeclaredFeatureSet] = field(default_factory=dict)
    views: dict[str, DeclaredView] = field(default_factory=dict)
    tables: dict[str, DeclaredTable] = field(default_factory=dict)

    def add(self, table: DeclaredTable) -> None:
        """Enter a table; DeclarationError when its name is taken."""
        _refuse_twin(str(table.name), table.where, self.tables)
        self.tables[str(table.name)] = table

    def keys(self) -> dict[str, tuple[tuple[str, ...], ...]]:
        """By table: the sets of columns that name a row at most once, by key or by a check."""
        found: dict[str, tuple[tuple[str, ...], ...]] = {
            str(s.current.name): (s.contract.key,) for s in self.source_tables.values()
        }
        for name, model in self.models.items():
            unique = [
                c.unique for c in model.attributes.checks if c.unique and c.severity == "error"
            ]
            found[name] = tuple(tuple(columns) for columns in unique)
        return found


Source = ModelSource | FeatureSource | ViewSource
T = TypeVar("T", bound=Asset)


def resolve(parts: Iterable[Part]) -> Declarations:
    """Everything declared, checked; DeclarationError names file, line, known and likely names."""
    listed, found = list(parts), Declarations()
    for part in listed:
        _refuse_reserved(part)
    _resolve_sources(listed, found)
    sources: list[Source] = [ModelSource.of(*part) for part in _of(listed, ModelAttributes)]
    sources += [FeatureSource.of(*part) for part in _of(listed, FeatureSetAttributes)]
    sources += [ViewSource.of(*part) for part in _of(listed, ViewAttributes)]
    _refuse_twins(sources, found.tables)
    for source in in_order(sources, found.tables):
        _resolve_derived(source, found)
    _with_checks(found.source_tables, found.tables)
    _with_checks(found.models, found.tables)
    _with_checks(found.feature_sets, found.tables)
    _with_checks(found.views, found.tables)
    return found


def _refuse_reserved(part: Part) -> None:
    """The names that the platform gives to tables beside those that are declared."""
    ending = RESERVED.search(part.name)
    if ending:
        raise DeclarationError(
            f"the name {part.name!r} ends as one of the platform's own tables",
            where=part.place.at("name"),
            known=f"{ending[0]} is the ending of a table that the platform keeps itself",
            remedy="give it another name",
        )


def _resolve_sources(listed: list[Part], found: Declarations) -> None:
    for stream in (DeclaredStream.of(*part) for part in _of(listed, StreamAttributes)):
        for table in stream.tables:
            found.add(table)
        found.streams[stream.contract.name] = stream
    for part in _of(listed, OperationalTableAttributes):
        master = DeclaredSourceTable.of(*part)
        for table in master.tables:
            found.add(table)
        found.source_tables[master.contract.name] = master


def _resolve_derived(source: Source, found: Declarations) -> None:
    if isinstance(source, ModelSource):
        model = declare(source, found.tables)
        found.models[str(source.table)] = model
        found.add(model.table)
    elif isinstance(source, ViewSource):
        _resolve_view(source, found)
    else:
        _refuse_views(source, found)
        features = declare_features(source, found.tables)
        found.feature_sets[str(source.table)] = features
        found.add(features.table)


def _resolve_view(source: ViewSource, found: Declarations) -> None:
    streams = {str(stream.accepted.name): name for name, stream in found.streams.items()}
    view = declare_view(source, streams, found.keys(), found.tables)
    found.views[view.view.name] = view
    for table in view.tables:
        found.add(table)


def _refuse_views(source: FeatureSource, found: Declarations) -> None:
    """Features look back into the past of a table, and a view only has a present."""
    views = {str(view.table.name) for view in found.views.values()}
    for table, where in source.reads().items():
        if table in views:
            raise DeclarationError(
                f"{source.table} reads the view {table}",
                where=where,
                known="features are computed from rows with the instants at which they were known",
                remedy="aggregate in the feature set itself, or in a model that keeps its days",
            )


class _Checked(Protocol):
    def with_checks(self, tables: Mapping[str, DeclaredTable]) -> Self: ...


C = TypeVar("C", bound=_Checked)


def _with_checks(declared: dict[str, C], tables: Mapping[str, DeclaredTable]) -> None:
    """Checks may refer to any table, so they are resolved when all are known."""
    for name, one in declared.items():
        declared[name] = one.with_checks(tables)


def _of(parts: Iterable[Part], kind: type[T]) -> list[tuple[T, str, Place]]:
    return [(p.attributes, p.name, p.place) for p in parts if isinstance(p.attributes, kind)]


def _refuse_twins(sources: Iterable[Source], tables: Mapping[str, DeclaredTable]) -> None:
    seen: dict[str, DeclaredTable | Source] = dict(tables)
    for source in sources:
        _refuse_twin(str(source.table), source.where, seen)
        seen[str(source.table)] = source


def _refuse_twin(name: str, where: str, tables: Mapping[str, DeclaredTable | Source]) -> None:
    if name in tables:
        raise DeclarationError(
            f"table {name} is declared twice",
            where=where,
            known=f"it is also declared in {tables[name].where}",
            remedy="rename one of the two folders, or give it a `name`",
        )
