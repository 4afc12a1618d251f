"""What a table is declared to be, and bringing an existing one up to it."""

from dataclasses import dataclass

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from deltalake.schema import Field as DeltaField
from deltalake.schema import Schema as DeltaSchema
from msgspec import json

from pipeline_platform.errors import CommitConflict, ContractChanged, WriteRefused
from pipeline_platform.lake.schema import (
    comment,
    delta_field,
    delta_json,
    from_delta_json,
    spark_type,
    standard,
)

_ATTEMPTS = 10
# A checkpoint every 10 commits keeps opening a table of 1,000 commits near 10 ms.
_CONFIGURATION = {"delta.checkpointInterval": "10"}


@dataclass(frozen=True)
class TableDefinition:
    """A standard schema, the date column that partitions it, a description."""

    schema: pa.Schema
    partition_by: str | None
    description: str

    @classmethod
    def of(
        cls, schema: pa.Schema, partition_by: str | None, description: str, *, where: str
    ) -> "TableDefinition":
        """The definition in standard types; refuses a partition column that is no date."""
        stored = standard(schema, where=where)
        if partition_by is not None and (
            partition_by not in stored.names or stored.field(partition_by).type != pa.date32()
        ):
            raise WriteRefused(
                f"partition column {partition_by!r} is not a date column of the table",
                where=where,
                known=", ".join(f"{f.name} {spark_type(f.type)}" for f in stored),
                remedy="partition by a date column, or not at all",
            )
        return cls(stored, partition_by, description)

    def stands(self, found: pa.Schema, partitions: list[str], description: str) -> bool:
        """Whether a table with these columns and words is all that is wanted."""
        return (
            not _changes(found, partitions, self)
            and all(field.name in found.names for field in self.schema)
            and not _unsaid(found, self.schema)
            and self.description in ("", description)
        )


def bring_up(
    uri: str,
    wanted: TableDefinition,
    *,
    where: str,
    storage_options: dict[str, str] | None = None,
) -> bool:
    """Create the table or add what it lacks; whether anything was committed.

    Raises ContractChanged where the table differs in more than new nullable columns and
    descriptions.
    """
    for _ in range(_ATTEMPTS):
        try:
            return _once(uri, wanted, where, storage_options)
        except CommitFailedError:
            continue
    raise CommitConflict(
        "other writers changed the table at every attempt to define it",
        where=where,
        known=f"{_ATTEMPTS} attempts",
        remedy="try again",
    )


def _once(
    uri: str, wanted: TableDefinition, where: str, storage_options: dict[str, str] | None
) -> bool:
    try:
        table = DeltaTable(uri, storage_options=storage_options)
    except TableNotFoundError:
        return _create(uri, wanted, where, storage_options)
    found = from_delta_json(table.schema().to_json())
    changed = _changes(found, table.metadata().partition_columns, wanted)
    if changed:
        raise ContractChanged(
            "the table does not fit its declaration",
            where=where,
            known="; ".join(changed),
            remedy="a new nullable column is added by itself; for anything else rebuild the "
            "rows: of a stream with `pipeline-platform reprocess`",
        )
    return _extend(table, found, wanted)


def _create(
    uri: str, wanted: TableDefinition, where: str, storage_options: dict[str, str] | None
) -> bool:
    try:
        DeltaTable.create(
            uri,
            DeltaSchema.from_json(delta_json(wanted.schema)),
            partition_by=wanted.partition_by,
            name=where,
            description=wanted.description or None,
            configuration=dict(_CONFIGURATION),
            storage_options=storage_options,
        )
    except DeltaError:
        if not DeltaTable.is_deltatable(uri, storage_options):
            raise
        return _once(uri, wanted, where, storage_options)
    return True


def _extend(table: DeltaTable, found: pa.Schema, wanted: TableDefinition) -> bool:
    once = CommitProperties(max_commit_retries=0)
    before = table.version()
    new = [f for f in wanted.schema if f.name not in found.names]
    if new:
        fields = [DeltaField.from_json(json.encode(delta_field(f)).decode()) for f in new]
        table.alter.add_columns(fields, commit_properties=once)
    for field in _unsaid(found, wanted.schema):
        said = {"comment": comment(field)}
        table.alter.set_column_metadata(field.name, said, commit_properties=once)
    if wanted.description not in ("", table.metadata().description):
        table.alter.set_table_description(wanted.description, commit_properties=once)
    return table.version() > before


def _unsaid(found: pa.Schema, wanted: pa.Schema) -> list[pa.Field]:
    """Columns of the table that have another comment, or none."""
    return [
        field
        for field in wanted
        if field.name in found.names
        and comment(field) not in ("", comment(found.field(field.name)))
    ]


def _changes(found: pa.Schema, partitions: list[str], wanted: TableDefinition) -> list[str]:
    lines = [
        f"{field.name} is in the table and no longer declared"
        for field in found
        if field.name not in wanted.schema.names
    ]
    if partitions != ([wanted.partition_by] if wanted.partition_by else []):
        lines.append(f"partitioned by {partitions or 'nothing'}, not {wanted.partition_by}")
    for field in wanted.schema:
        lines.extend(_change(found, field))
    return lines


def _change(found: pa.Schema, field: pa.Field) -> list[str]:
    if field.name not in found.names:
        return [] if field.nullable else [f"new column {field.name} is not nullable"]
    old = found.field(field.name)
    if old.type != field.type:
        return [f"{field.name} is {spark_type(old.type)}, declared {spark_type(field.type)}"]
    if old.nullable != field.nullable:
        words = {True: "nullable", False: "not null"}
        return [f"{field.name} is {words[old.nullable]}, declared {words[field.nullable]}"]
    return []
