"""What a query reads and gives: tables, columns, types, lineage, parameters."""

from collections.abc import Iterable, Mapping

from msgspec import Struct
from sqlglot import exp

from pipeline_platform.contracts.types import DataType
from pipeline_platform.errors import DeclarationError, UnknownName
from pipeline_platform.sql.parsing import Source, parse
from pipeline_platform.sql.queries import Queries
from pipeline_platform.sql.scope import Field
from pipeline_platform.sql.tables import table_name, tables_of
from pipeline_platform.sql.types import known


class OutputColumn(Struct, frozen=True):
    """One column of the answer.

    `type` is Spark DDL, or None where it cannot be told with certainty; `sources` are
    the `layer.table.column` whose values it is computed from.
    """

    name: str
    type: str | None
    sources: tuple[str, ...]


class Analysis(Struct, frozen=True):
    """`tables` in the order of first mention, `columns` in the order of the answer."""

    tables: tuple[str, ...]
    columns: tuple[OutputColumn, ...]
    parameters: frozenset[str]


def analyse(text: str, tables: Mapping[str, Mapping[str, str]], *, path: str = "") -> Analysis:
    """Check `text` against `tables` (`layer.table` to column to Spark type, "" if unknown).

    UnknownName: a table, column, alias or struct field that is not there.
    DeclarationError: no single query, an ambiguous or repeated name, a column without one,
    or SQL that engines do not share. Both say `path:line:column`.
    """
    source = Source(text, path)
    tree = parse(source)
    parameters = _parameters(tree, source)
    fields = Queries(source, _Catalog(tables)).query(tree)
    return Analysis(
        tables=tuple(dict.fromkeys(table_name(table) for table in tables_of(tree, source))),
        columns=tuple(_outputs(fields, tree, source)),
        parameters=parameters,
    )


class _Catalog(dict[str, list[Field]]):
    """Columns of the tables a query reads; a table's types are parsed when it is named."""

    def __init__(self, tables: Mapping[str, Mapping[str, str]]) -> None:
        super().__init__()
        self.tables = tables

    def __missing__(self, name: str) -> list[Field]:
        self[name] = [
            Field(column, DataType.parse(kind) if kind else None, (f"{name}.{column}",))
            for column, kind in self.tables[name].items()
        ]
        return self[name]


def _parameters(tree: exp.Expr, source: Source) -> frozenset[str]:
    for node in tree.find_all(exp.Placeholder, exp.Parameter, exp.SessionParameter):
        if not isinstance(node, exp.Placeholder) or not isinstance(node.this, str):
            raise source.error(
                "a parameter without a name",
                node,
                known="parameters are written :name, for example :start and :end",
                remedy="write :start",
            )
    return frozenset(node.this for node in tree.find_all(exp.Placeholder))


def _outputs(fields: Iterable[Field], tree: exp.Expr, source: Source) -> list[OutputColumn]:
    found: dict[str, OutputColumn] = {}
    for field in fields:
        node = field.node or tree
        if field.name is None:
            raise source.error(
                "a column has no name",
                node,
                known="engines name expressions differently",
                remedy="give it one with AS",
            )
        if field.name.lower() in found:
            raise source.error(
                f"column {field.name!r} comes out twice",
                node,
                known=", ".join(column.name for column in found.values()),
                remedy="rename one of them with AS, or leave it out",
            )
        kind = known(field.type)
        found[field.name.lower()] = OutputColumn(
            field.name, str(kind) if kind else None, field.sources
        )
    return list(found.values())


def analyse_expression(
    text: str, table: str, columns: Mapping[str, str], *, where: str
) -> OutputColumn:
    """Type and sources of one expression over the columns of `table`.

    Raises as `analyse`, at `where`, the place of the whole expression.
    """
    try:
        found = analyse(f"SELECT {text} AS value FROM {table}", {table: columns}).columns
    except UnknownName as error:
        raise UnknownName(error.kind, error.name, error.names, where=where) from None
    except DeclarationError as error:
        raise DeclarationError(
            error.what, where=where, known=error.known or text, remedy=error.remedy
        ) from None
    if len(found) != 1:
        raise DeclarationError(
            f"{text!r} is not one expression",
            where=where,
            known=f"it gives {len(found)} columns",
            remedy="write one expression in Spark SQL over the columns of the table",
        )
    return found[0]
