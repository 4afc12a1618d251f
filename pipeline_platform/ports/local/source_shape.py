"""What a table at the source looks like, and the SQL that reads it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from pipeline_platform.contracts.source_tables import SourceColumn, SourceTable
from pipeline_platform.errors import Abort, CapabilityMissing, UnknownName
from pipeline_platform.ports.local.dialects import Dialect

_OURS = (
    sa.String,
    sa.Uuid,
    sa.Enum,
    sa.Numeric,
    sa.Integer,
    sa.Boolean,
    sa.Date,
    sa.DateTime,
    sa.LargeBinary,
)


@dataclass(frozen=True)
class SourceShape:
    """The statements of one read.

    `kinds` are the columns' types by name; `doubts` are questions with the complaint
    that holds if they find a row, asked where the schema does not prove the key.
    """

    first: str
    following: str
    kinds: dict[str, Any]
    doubts: tuple[tuple[str, str], ...]


def shape_of(connection: sa.Connection, table: SourceTable, dialect: Dialect) -> SourceShape:
    """Look the table up; UnknownName for what the source does not have."""
    inspector = sa.inspect(connection)
    name, schema = table.table or table.name, table.schema or None
    if not inspector.has_table(name, schema):
        tables = inspector.get_table_names(schema) + inspector.get_view_names(schema)
        raise UnknownName("table at the source", table.source, tables, where=table.name)
    _refuse_untransactional(connection, table, dialect)
    found = {column["name"]: column for column in inspector.get_columns(name, schema)}
    kinds = {field: str(column["type"].__visit_name__) for field, column in found.items()}
    for column in table.columns:
        if column.field not in found:
            where = f"{table.name}.{column.name}"
            raise UnknownName("column at the source", column.field, found, where=where)
    _refuse_unlike(table, kinds, dialect)
    key = [table.column(column).field for column in table.key]
    proved = dialect.name != "SQLite" and _unique(inspector, name, schema, set(key))
    open_to_null = [k for k in key if found[k]["nullable"]]
    types = {field: column["type"] for field, column in found.items()}
    return _statements(connection, table, dialect, types, proved, open_to_null)


def _unique(inspector: sa.Inspector, name: str, schema: str | None, key: set[str]) -> bool:
    """Whether a constraint keeps the key unique as its columns compare.

    An index may compare otherwise than its column (SQLite lets a primary key do so too).
    """
    primary = inspector.get_pk_constraint(name, schema)["constrained_columns"]
    constraints = inspector.get_unique_constraints(name, schema)
    sets = [set(primary), *(set(c["column_names"]) for c in constraints)]
    return any(columns and columns <= key for columns in sets)


def _statements(
    connection: sa.Connection,
    table: SourceTable,
    dialect: Dialect,
    types: dict[str, Any],
    proved: bool,
    open_to_null: list[str],
) -> SourceShape:
    preparer = connection.dialect.identifier_preparer
    quoted: Callable[[str], str] = preparer.quote_identifier
    place = ".".join(quoted(p) for p in (table.schema, table.table or table.name) if p)
    columns = [
        _expression(types[c.field], c, table, dialect).replace("{}", quoted(c.field))
        for c in table.columns
    ]
    key = [quoted(table.column(name).field) for name in table.key]
    select, order = f"SELECT {', '.join(columns)} FROM {place}", ", ".join(key)
    limit = f"ORDER BY {order} LIMIT {table.chunk_rows}"
    doubts = [
        (f"SELECT {order}, 1 FROM {place} WHERE {quoted(field)} IS NULL LIMIT 1", "it is NULL")
        for field in open_to_null
    ]
    if not proved:
        many = f"SELECT {order}, 1 FROM {place} GROUP BY {order} HAVING count(*) > 1 LIMIT 1"
        doubts.append((many, "several rows share one"))
    return SourceShape(
        first=f"{select} {limit}",
        following=f"{select} WHERE {dialect.after(key)} {limit}",
        kinds={c.name: types[c.field] for c in table.columns},
        doubts=tuple(doubts),
    )


def _expression(kind: Any, column: SourceColumn, table: SourceTable, dialect: Dialect) -> str:
    if column.type.name == "string" and column.name not in table.key and _foreign(kind):
        return dialect.as_text
    return dialect.exact.get(kind.__visit_name__, "{}")


def _foreign(kind: Any) -> bool:
    """Whether values of the type have no counterpart among ours: JSON, arrays, intervals."""
    return not isinstance(kind, _OURS)


def _refuse_unlike(table: SourceTable, kinds: dict[str, str], dialect: Dialect) -> None:
    for name in table.key:
        kind = kinds[table.column(name).field]
        if kind.upper() in dialect.unlike:
            raise Abort(
                f"key column {name} is {kind} in the database",
                where=table.name,
                known=f"{dialect.name} does not compare {', '.join(dialect.unlike)} as it sorts",
                remedy="choose another key, or read a view that casts it to a string",
            )


def _refuse_untransactional(
    connection: sa.Connection, table: SourceTable, dialect: Dialect
) -> None:
    """MySQL's older engines ignore transactions: chunks would be of several instants."""
    if dialect.name not in ("MySQL", "MariaDB"):
        return
    engine = connection.exec_driver_sql(
        "SELECT t.engine FROM information_schema.tables t JOIN information_schema.engines e "
        "ON e.engine = t.engine WHERE t.table_schema = coalesce(%s, database()) "
        "AND t.table_name = %s AND coalesce(e.transactions, 'NO') <> 'YES'",
        (table.schema or None, table.table or table.name),
    ).scalar()
    if engine:
        raise CapabilityMissing(
            f"the table's storage engine {engine} has no transactions",
            where=table.name,
            known="rows of one instant need a transactional engine, such as InnoDB",
            remedy="ALTER TABLE ... ENGINE=InnoDB at the source, or read a copy of it",
        )
