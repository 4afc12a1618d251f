"""Column types between Spark's words, Arrow, Delta and Polars."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from pipeline_platform.contracts.models import TableColumn
from pipeline_platform.contracts.types import DataType
from pipeline_platform.errors import WriteRefused

COMMENT = b"comment"  # field metadata that holds a column's description

_SCALARS: dict[str, tuple[pa.DataType, str]] = {
    "string": (pa.string(), "string"),
    "boolean": (pa.bool_(), "boolean"),
    "tinyint": (pa.int8(), "byte"),
    "smallint": (pa.int16(), "short"),
    "int": (pa.int32(), "integer"),
    "bigint": (pa.int64(), "long"),
    "float": (pa.float32(), "float"),
    "double": (pa.float64(), "double"),
    "date": (pa.date32(), "date"),
    "timestamp": (pa.timestamp("us", tz="UTC"), "timestamp"),
    "binary": (pa.binary(), "binary"),
}
_TO_DELTA = dict(_SCALARS.values())
_FROM_DELTA = {delta: arrow for arrow, delta in _SCALARS.values()}
_TO_SPARK = {arrow: name for name, (arrow, _) in _SCALARS.items()}


def arrow_type(kind: DataType) -> pa.DataType:
    """The Arrow type: timestamps in us and UTC, strings as `string`, decimal128."""
    if kind.name == "decimal":
        return pa.decimal128(kind.precision, kind.scale)
    if kind.element is not None:
        return pa.list_(pa.field("element", arrow_type(kind.element)))
    if kind.name == "struct":
        return pa.struct([pa.field(name, arrow_type(field)) for name, field in kind.fields])
    return _SCALARS[kind.name][0]


def arrow_schema(
    columns: Iterable[tuple[str, DataType | str, bool]], comments: Mapping[str, str] | None = None
) -> pa.Schema:
    """A table's schema from (name, type, nullable); `comments` describe columns by name."""
    said = comments or {}
    return pa.schema(
        [
            _field(name, DataType.parse(kind) if isinstance(kind, str) else kind, nullable, said)
            for name, kind, nullable in columns
        ]
    )


def columns_schema(columns: Iterable[TableColumn]) -> pa.Schema:
    """A table's schema from its declared columns, their descriptions included."""
    listed = list(columns)
    comments = {column.name: column.description for column in listed}
    return arrow_schema(((c.name, c.type, c.nullable) for c in listed), comments)


def _field(name: str, kind: DataType, nullable: bool, said: Mapping[str, str]) -> pa.Field:
    metadata = {COMMENT: said[name].encode()} if said.get(name) else None
    return pa.field(name, arrow_type(kind), nullable, metadata)


def comment(field: pa.Field) -> str:
    """The description of a column, or empty."""
    said: bytes = (field.metadata or {}).get(COMMENT, b"")
    return said.decode()


def spark_type(kind: pa.DataType) -> str:
    """The type in Spark's words, as `describe` shows it."""
    if pa.types.is_decimal(kind):
        return f"decimal({kind.precision},{kind.scale})"
    if pa.types.is_list(kind):
        return f"array<{spark_type(kind.value_type)}>"
    if pa.types.is_struct(kind):
        return "struct<" + ",".join(f"{f.name}:{spark_type(f.type)}" for f in kind) + ">"
    return _TO_SPARK.get(kind, str(kind))


def standard(schema: pa.Schema, *, where: str) -> pa.Schema:
    """`schema` in the types that a table stores; refuses what Delta would cast silently."""
    fields = [f.with_type(_standard(f.type, where, f.name)) for f in schema]
    return pa.schema(fields)


def _standard(kind: pa.DataType, where: str, column: str) -> pa.DataType:
    if pa.types.is_large_string(kind) or kind == pa.string_view():
        return pa.string()
    if pa.types.is_large_binary(kind) or kind == pa.binary_view():
        return pa.binary()
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return pa.list_(pa.field("element", _standard(kind.value_type, where, column)))
    if pa.types.is_struct(kind):
        return pa.struct([f.with_type(_standard(f.type, where, column)) for f in kind])
    if kind in _TO_DELTA or pa.types.is_decimal128(kind):
        return kind
    raise WriteRefused(
        f"column {column!r} has type {kind}, which a table cannot hold exactly",
        where=where,
        known=", ".join(sorted(_SCALARS)) + ", decimal, array, struct; timestamps in us and UTC",
        remedy="cast the column to one of these types before it is written",
    )


def delta_json(schema: pa.Schema) -> str:
    """A standard schema as Delta writes it down."""
    return json.dumps(_struct(schema))


def _struct(fields: Iterable[pa.Field]) -> dict[str, Any]:
    return {"type": "struct", "fields": [delta_field(field) for field in fields]}


def delta_field(field: pa.Field) -> dict[str, Any]:
    """One column of a standard schema as Delta writes it down."""
    said = comment(field)
    return {
        "name": field.name,
        "type": _delta_type(field.type),
        "nullable": field.nullable,
        "metadata": {"comment": said} if said else {},
    }


def _delta_type(kind: pa.DataType) -> str | dict[str, Any]:
    if pa.types.is_decimal(kind):
        return f"decimal({kind.precision},{kind.scale})"
    if pa.types.is_list(kind):
        element = _delta_type(kind.value_type)
        return {"type": "array", "elementType": element, "containsNull": True}
    if pa.types.is_struct(kind):
        return _struct(kind)
    name: str = _TO_DELTA[kind]
    return name


def from_delta_json(text: str) -> pa.Schema:
    """The standard schema that `delta_json` wrote, or another Delta writer."""
    return pa.schema([_from_delta_field(field) for field in json.loads(text)["fields"]])


def _from_delta_field(field: Mapping[str, Any]) -> pa.Field:
    said = str(field["metadata"].get("comment", ""))
    metadata = {COMMENT: said.encode()} if said else None
    return pa.field(field["name"], _from_delta(field["type"]), field["nullable"], metadata)


def _from_delta(kind: str | Mapping[str, Any]) -> pa.DataType:
    if isinstance(kind, str):
        if kind.startswith("decimal"):
            precision, scale = kind[len("decimal(") : -1].split(",")
            return pa.decimal128(int(precision), int(scale))
        return _FROM_DELTA[kind]
    if kind["type"] == "array":
        return pa.list_(pa.field("element", _from_delta(kind["elementType"])))
    return pa.struct([_from_delta_field(field) for field in kind["fields"]])


def misfits(rows: pa.Schema, table: pa.Schema) -> list[str]:
    """Why rows of one standard schema cannot go into a table of another; [] if they can.

    Nullable columns of the table may be missing from the rows.
    """
    required = [f.name for f in table if not f.nullable and f.name not in rows.names]
    found = [line for field in rows if (line := _misfit(field, table))]
    return found + [f"{name} is required" for name in required]


def _misfit(field: pa.Field, table: pa.Schema) -> str:
    if field.name not in table.names:
        return f"{field.name} is not a column of the table"
    wanted = table.field(field.name).type
    if field.type != wanted:
        return f"{field.name} is {spark_type(field.type)}, not {spark_type(wanted)}"
    return ""
