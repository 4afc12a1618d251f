"""Read-only statements: what a person may ask of the lake, and nothing else."""

import re
from collections.abc import Iterator

from msgspec import Struct
from sqlglot import exp

from pipeline_platform.contracts.names import LAYERS, TableName
from pipeline_platform.errors import DeclarationError, UnknownName, WriteRefused
from pipeline_platform.sql.parsing import (
    Source,
    Token,
    TokenType,
    is_query,
    statements,
    tokens,
)
from pipeline_platform.sql.tables import table_name, tables_of

_ALLOWED = "SELECT, WITH, VALUES, UNION, SHOW TABLES [IN layer], DESCRIBE [TABLE] layer.table"
TABLE_FUNCTIONS = frozenset(
    {"range", "explode", "explode_outer", "posexplode", "posexplode_outer", "inline"}
    | {"inline_outer", "stack", "json_tuple"}
)
# They run code, read files by path, reach the network or reveal secrets on some engine.
_DANGEROUS = re.compile(
    r"reflect|try_reflect|java_method|(try_)?secret|from_protobuf|to_protobuf|identifier|"
    r"input_file_.*|read_.*|.*_(files?|path|scan|query|request)|ai_.*|python_.*|xpath.*|"
    r"current_(catalog|database|schema|user)|session_user|user|getdbport|get_.*_info"
)
_WRITING = (
    exp.DDL, exp.DML, exp.Command, exp.Into, exp.QueryTransform, exp.Lock,
    exp.Parameter, exp.SessionParameter,
)  # fmt: skip
_SHOW = re.compile(r"\s*SHOW\s+TABLES(?:\s+(?:IN|FROM)\s+(\w+))?[\s;]*", re.IGNORECASE)
_DESCRIBE = re.compile(r"\s*DESC(?:RIBE)?\s+(?:TABLE\s+)?(\w+\.\w+)[\s;]*", re.IGNORECASE)
_SHAPES = re.compile(r"(SELECT|WITH|VALUES|\()", re.IGNORECASE)


class Select(Struct, frozen=True):
    """A query; `text` is the user's, with spaces for comments and no closing semicolon."""

    text: str


class ShowTables(Struct, frozen=True):
    """SHOW TABLES, of one layer or of all (`layer` is None)."""

    layer: str | None


class Describe(Struct, frozen=True):
    """DESCRIBE of one table."""

    table: TableName


def statement(text: str) -> Select | ShowTables | Describe:
    """The one read-only statement in `text`.

    WriteRefused: it writes, runs code, reads a path, or there are several.
    UnknownName: a table outside the layers. DeclarationError: a syntax error.
    """
    source = Source(text)
    if found := _SHOW.fullmatch(text):
        return ShowTables(_layer(found[1], source.at(found.start(1))) if found[1] else None)
    if found := _DESCRIBE.fullmatch(text):
        return Describe(TableName.parse(found[1].lower(), where=source.at(found.start(1))))
    words = tokens(source)
    while words and words[-1].token_type is TokenType.SEMICOLON:
        words.pop()
    if not words:
        raise _refused("there is no statement", "")
    _check_words(source, words)
    query = Source(_without_comments(text, words))
    _check_query(query)
    return Select(query.text)


def _without_comments(text: str, words: list[Token]) -> str:
    """The words at their places, and nothing between them: engines end comments differently."""
    found, previous = [], 0
    for word in words:
        found.append(re.sub(r"[^\n]", " ", text[previous : word.start]))
        found.append(text[word.start : word.end + 1])
        previous = word.end + 1
    return "".join(found)


def _check_words(source: Source, words: list[Token]) -> None:
    """Refuse by tokens what the syntax tree might misread."""
    if not _SHAPES.fullmatch(words[0].text):
        what = f"{words[0].text.upper()[:40]} is no read-only statement"
        raise _refused(what, source.at(words[0].start))
    for word, following in zip(words, [*words[1:], None], strict=True):
        if word.token_type is TokenType.SEMICOLON:
            raise _refused("there is more than one statement", source.at(word.start))
        if word.token_type is TokenType.PIPE_GT:
            raise _refused("pipe syntax is not read", source.at(word.start))
        called = following is not None and following.token_type is TokenType.L_PAREN
        if called and _DANGEROUS.fullmatch(word.text.lower()):
            raise _refused(f"function {word.text!r} is not allowed", source.at(word.start))


def _check_query(source: Source) -> None:
    trees = statements(source)
    tree = trees[0]
    if len(trees) > 1 or not is_query(tree):
        raise _refused(f"{tree.key.upper()} is no read-only statement", source.where(tree))
    for node in tree.walk():
        if isinstance(node, _WRITING):
            raise _refused(f"{node.key.upper()} is not allowed in a query", source.where(node))
        if isinstance(node, exp.Dot) and isinstance(node.expression, exp.Func):
            raise _refused("a function with a qualified name", source.where(node))
    for called in _table_functions(tree):
        name = called.name.lower() if isinstance(called, exp.Anonymous) else called.key
        if name not in TABLE_FUNCTIONS:
            raise UnknownName("table function", name, TABLE_FUNCTIONS, where=source.where(called))
    for table in tables_of(tree, source):
        _check_table(source, table)


def _table_functions(tree: exp.Expr) -> Iterator[exp.Expr]:
    for table in tree.find_all(exp.Table):
        if not isinstance(table.this, exp.Identifier):
            yield table.this
    for lateral in tree.find_all(exp.Lateral):
        if not isinstance(lateral.this, exp.Subquery):
            yield lateral.this


def _check_table(source: Source, table: exp.Table) -> None:
    name, where = table_name(table), source.where(table)
    if name.count(".") != 1:
        raise DeclarationError(
            f"table {name!r} is not written layer.table",
            where=where,
            known=f"layers {', '.join(LAYERS)}",
            remedy="name a table of the lake, for example mart.carrier_on_time",
        )
    TableName.parse(name, where=where)


def _layer(name: str, where: str) -> str:
    if name.lower() not in LAYERS:
        raise UnknownName("layer", name, LAYERS, where=where)
    return name.lower()


def _refused(what: str, where: str) -> WriteRefused:
    return WriteRefused(
        what, where=where, known=f"allowed: {_ALLOWED}", remedy="ask with one read-only statement"
    )
