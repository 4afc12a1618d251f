"""Feature sets with their columns, lineage, days and checks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Self

import msgspec

from pipeline_platform.contracts.features import (
    AsOf,
    FeatureSet,
    Window,
    check_feature_set,
    feature_type,
)
from pipeline_platform.contracts.models import Partitioning, TableColumn
from pipeline_platform.contracts.types import DataType
from pipeline_platform.declarations.feature_attributes import FeatureSetAttributes
from pipeline_platform.declarations.feature_source import FeatureSource
from pipeline_platform.declarations.model_checks import checks_of
from pipeline_platform.declarations.tables import About, DeclaredTable, personal_kinds
from pipeline_platform.errors import DeclarationError, UnknownName
from pipeline_platform.sql.analysis import OutputColumn, analyse_expression

Tables = Mapping[str, DeclaredTable]


@dataclass(frozen=True)
class DeclaredFeatureSet:
    """A feature set ready to build: its value, and its table as the graph shows it."""

    feature_set: FeatureSet
    table: DeclaredTable
    source: FeatureSource

    @property
    def attributes(self) -> FeatureSetAttributes:
        """The YAML."""
        return self.source.attributes

    def with_checks(self, tables: Tables) -> Self:
        """The feature set with its further checks, which may refer to any table."""
        checks = checks_of(self.attributes.checks, self.table, tables, self.source.place)
        made = msgspec.structs.replace(self.feature_set, checks=checks)
        return replace(self, feature_set=made)


def declare_features(source: FeatureSource, tables: Tables) -> DeclaredFeatureSet:
    """The feature set with columns, types, lineage and days, given the tables it reads."""
    spine, groups = source.spine, source.groups
    columns = (*_kept(source, tables), *_features(source, tables))
    partitioning = _partitioning(source, columns, tables)
    made = FeatureSet(
        table=source.table,
        spine=spine,
        groups=groups,
        columns=columns,
        inputs=_inputs(source, partitioning, tables),
        partitioning=partitioning,
    )
    check_feature_set(made, where=source.where)
    table = DeclaredTable(
        name=source.table,
        description=source.attributes.description,
        about=About.of(source.attributes, source.place),
        columns=columns,
        where=source.where,
        partitioning=partitioning,
        kinds=frozenset({"feature", "deltalake"}),
        code_version=made.code_version,
    )
    return DeclaredFeatureSet(made, table, source)


def _kept(source: FeatureSource, tables: Tables) -> Iterator[TableColumn]:
    spine, place = source.spine, source.place
    _instant(source, spine.at, spine.table, tables, ("spine", "at"))
    if spine.where:
        found = _expression(source, spine.where, spine.table, tables, ("spine", "where"))
        _expect(found, "boolean", spine.where, place.at("spine", "where"))
    known = {column.name: column for column in tables[spine.table].columns}
    for index, name in enumerate(spine.columns):
        if name not in known:
            where = place.at("spine", "columns", index)
            raise UnknownName(f"column of {spine.table}", name, known, where=where)
        yield msgspec.structs.replace(known[name], sources=(f"{spine.table}.{name}",))


def _features(source: FeatureSource, tables: Tables) -> Iterator[TableColumn]:
    for index, group in enumerate(source.groups):
        at: tuple[str | int, ...] = ("groups", index)
        _instant(source, group.event_ts, group.table, tables, (*at, "event_ts"))
        _instant(source, group.available_at, group.table, tables, (*at, "available_at"))
        for own, theirs in group.keys:
            _comparable(
                _expression(source, own, source.spine.table, tables, (*at, "keys")),
                _expression(source, theirs, group.table, tables, (*at, "keys")),
                source.place.at(*at, "keys"),
            )
        for name, expression in group.outputs:
            yield _feature(source, group, name, expression, tables, (*at, "features", name))


def _feature(
    source: FeatureSource,
    group: AsOf | Window,
    name: str,
    expression: str,
    tables: Tables,
    at: tuple[str | int, ...],
) -> TableColumn:
    said = source.attributes.groups[int(at[1])].features[name]
    whole = expression == "*"
    found = _expression(source, group.event_ts if whole else expression, group.table, tables, at)
    known = said.type or found.type
    where = source.place.at(*at)
    if not known and not whole:
        raise DeclarationError(
            f"the type of {expression!r} cannot be told",
            where=where,
            known=f"columns of {group.table}: {', '.join(tables[group.table].types)}",
            remedy=f"declare it: `{name}: {{{said.function}: ..., type: ...}}`",
        )
    kind = _type(group, name, None if whole else DataType.parse(str(known), where=where), where)
    return TableColumn(
        name=name,
        type=str(kind),
        nullable=said.function not in ("count", "sum"),
        description=said.description or _said(said.function, expression, group, tables),
        personal=personal_kinds(said.personal, found.sources, tables),
        sources=found.sources,
    )


def _type(group: AsOf | Window, name: str, kind: DataType | None, where: str) -> DataType:
    try:
        return feature_type(group, name, kind)
    except DeclarationError as error:
        raise DeclarationError(
            error.what, where=where, known=error.known, remedy=error.remedy
        ) from None


def _said(function: str, expression: str, group: AsOf | Window, tables: Tables) -> str:
    described = {c.name: c.description for c in tables[group.table].columns}.get(expression)
    what = described or f"`{expression}` of {group.table}."
    return what if function == "latest" else f"{function.capitalize()} over the window: {what}"


def _expression(
    source: FeatureSource, text: str, table: str, tables: Tables, at: tuple[str | int, ...]
) -> OutputColumn:
    return analyse_expression(text, table, tables[table].types, where=source.place.at(*at))


def _instant(
    source: FeatureSource, text: str, table: str, tables: Tables, at: tuple[str | int, ...]
) -> None:
    found = _expression(source, text, table, tables, at)
    _expect(found, "timestamp", text, source.place.at(*at))


def _expect(found: OutputColumn, kind: str, text: str, where: str) -> None:
    if found.type not in (None, kind):
        raise DeclarationError(
            f"{text!r} is a {found.type}",
            where=where,
            known=f"a {kind} is wanted here",
            remedy=f"write an expression of type {kind}, for example cast(... AS {kind})",
        )


def _comparable(own: OutputColumn, theirs: OutputColumn, where: str) -> None:
    kinds = {own.type, theirs.type} - {None}
    whole = {"tinyint", "smallint", "int", "bigint"}
    if len(kinds) > 1 and not kinds <= whole:
        raise DeclarationError(
            f"a key compares {own.type} with {theirs.type}",
            where=where,
            known="keys match by equal values of one type",
            remedy="cast one side, for example `cast(id AS string)`",
        )


def _partitioning(
    source: FeatureSource, columns: tuple[TableColumn, ...], tables: Tables
) -> Partitioning | None:
    said, spine = source.attributes.partition, tables[source.spine.table]
    if said is None:
        return None
    where = source.place.at("partition", "column")
    if said.column not in source.spine.columns:
        raise UnknownName("kept column", said.column, source.spine.columns, where=where)
    cut = spine.partitioning
    if cut is None or cut.column != said.column:
        raise DeclarationError(
            f"{said.column!r} does not cut {spine.name} into days",
            where=where,
            known=f"{spine.name} is cut by {cut.column!r}" if cut else "it is not cut into days",
            remedy="name the column that cuts the spine's table, or leave out `partition`",
        )
    return cut


def _inputs(
    source: FeatureSource, own: Partitioning | None, tables: Tables
) -> dict[str, tuple[int, int]]:
    found = {source.spine.table: (0, 0)}
    for index, group in enumerate(source.groups):
        days = (0, 0)
        if own and tables[group.table].partitioning:
            days = _days(source, index, group)
        before, after = found.get(group.table, (0, 0))
        found[group.table] = (max(before, days[0]), max(after, days[1]))
    return found


def _days(source: FeatureSource, index: int, group: AsOf | Window) -> tuple[int, int]:
    said = source.attributes.groups[index]
    before = group.days_before if said.days_before is None else said.days_before
    if before is None:
        raise DeclarationError(
            "how far back the latest row may lie is not said",
            where=source.place.at("groups", index),
            known=f"{group.table} is cut into days, and every day would have to be read",
            remedy="say how old a value may be with `ttl`, for example `ttl: 7d`",
        )
    return before, said.days_after
