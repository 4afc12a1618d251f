"""Which tables a statement reads, and where in its text they are named."""

from collections.abc import Mapping

from msgspec import Struct
from sqlglot import exp

from pipeline_platform.errors import DeclarationError
from pipeline_platform.sql.parsing import Source, parse, parts


class TableRef(Struct, frozen=True):
    """One mention of a table in FROM or JOIN.

    `name` is `layer.table` in lower case; `line` and `column` count from 1;
    `text[start:end]` is the name as written.
    """

    name: str
    line: int
    column: int
    start: int
    end: int


def referenced_tables(text: str, path: str = "") -> list[TableRef]:
    """Every mention of a table, in the order of the text; names of CTEs are left out.

    DeclarationError: the text is not one query, or reads a table at a version or a sample.
    """
    source = Source(text, path)
    return [_reference(source, table) for table in tables_of(parse(source), source)]


def substitute_tables(text: str, names: Mapping[str, str], path: str = "") -> str:
    """`text` with the tables in `names` (`layer.table` to its replacement) put in their place.

    Nothing else changes. A table without alias is given its own name as alias, and a
    column written `layer.table.column` becomes `table.column`, so that both still resolve.
    """
    source = Source(text, path)
    tree = parse(source)
    edits: list[tuple[int, int, str]] = []
    for table in tables_of(tree, source):
        found = _reference(source, table)
        if found.name in names:
            alias = "" if table.args.get("alias") else f" AS {_quoted(table.name)}"
            edits.append((found.start, found.end, names[found.name] + alias))
    for column in tree.find_all(exp.Column):
        edits += _qualifier(column, names)
    return _edited(text, edits)


def tables_of(tree: exp.Expr, source: Source) -> list[exp.Table]:
    """The nodes of `tree` that name tables rather than CTEs or table functions, in order."""
    found = []
    for table in tree.find_all(exp.Table):
        if not isinstance(table.this, exp.Identifier):
            continue
        if len(list(parts(table))) == 1 and _is_cte(table):
            continue
        _refuse_versions(table, source)
        found.append(table)
    return sorted(found, key=lambda table: table.this.meta["start"])


def table_name(table: exp.Table) -> str:
    """`layer.table` in lower case, as far as it is written; a dot inside a part stays quoted."""
    names = [part.name.lower() for part in parts(table)]
    return ".".join(f"`{name}`" if "." in name else name for name in names)


def _reference(source: Source, table: exp.Table) -> TableRef:
    names = list(parts(table))
    start, end = names[0].meta["start"], names[-1].meta["end"] + 1
    line = source.text.count("\n", 0, start) + 1
    column = start - source.text.rfind("\n", 0, start)
    return TableRef(table_name(table), line, column, start, end)


def _is_cte(table: exp.Table) -> bool:
    """Whether a CTE that is visible at this place has the table's name."""
    node: exp.Expr = table
    while (parent := node.parent) is not None:
        if table.name.lower() in (cte.alias.lower() for cte in _ctes(node, parent)):
            return True
        node = parent
    return False


def _ctes(node: exp.Expr, parent: exp.Expr) -> list[exp.CTE]:
    """The CTEs of `parent` that its child `node` sees: a CTE sees those before it."""
    if isinstance(parent, exp.With):
        return list(parent.expressions[: parent.expressions.index(node)])
    with_ = None if isinstance(node, exp.With) else parent.args.get("with_")
    return list(with_.expressions) if with_ else []


def _refuse_versions(table: exp.Table, source: Source) -> None:
    for kind, words in (
        ("version", "at a version"),
        ("when", "at a version"),
        ("sample", "as a sample"),
    ):
        if table.args.get(kind):
            raise DeclarationError(
                f"table {table_name(table)!r} is read {words}",
                where=source.where(table),
                known="the platform reads one version of every table, the newest, as a whole",
                remedy="name the table alone and filter in WHERE",
            )


def _qualifier(column: exp.Column, names: Mapping[str, str]) -> list[tuple[int, int, str]]:
    words = list(parts(column))
    if len(words) < 3 or ".".join(w.name.lower() for w in words[:2]) not in names:
        return []
    return [(words[0].meta["start"], words[1].meta["start"], "")]


def _quoted(name: str) -> str:
    return name if name.isidentifier() else "`" + name.replace("`", "``") + "`"


def _edited(text: str, edits: list[tuple[int, int, str]]) -> str:
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text
