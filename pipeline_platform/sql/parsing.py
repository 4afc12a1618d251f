"""Spark SQL text to a syntax tree whose nodes know their place."""

import logging
import re
from collections.abc import Iterator
from typing import Any, ClassVar

from msgspec import Struct
from sqlglot import exp
from sqlglot.dialects.spark import Spark
from sqlglot.errors import ParseError, TokenError
from sqlglot.parsers.spark import SparkParser
from sqlglot.tokenizer_core import Token, TokenType

from pipeline_platform.errors import DeclarationError

logging.getLogger("sqlglot").setLevel(logging.ERROR)


class _VerbatimParser(SparkParser):
    """Functions keep the user's names and arguments instead of becoming sqlglot's own."""

    FUNCTIONS: ClassVar[dict[str, Any]] = {}
    FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {
        name: parser
        for name, parser in SparkParser.FUNCTION_PARSERS.items()
        if name in {"CAST", "TRY_CAST", "EXTRACT", "TRIM", "SUBSTRING", "POSITION", "OVERLAY"}
    }


class _Verbatim(Spark):
    """Spark's grammar with the parser above."""

    Parser = _VerbatimParser


_DIALECT = _Verbatim()
_QUOTED = re.compile(
    r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|`[^`]*`|--[^\n]*|/\*.*?\*/""", re.DOTALL
)


class Source(Struct, frozen=True):
    """A text and the path it came from, to say where in it something stands."""

    text: str
    path: str = ""

    def at(self, offset: int) -> str:
        """`path:line:column` of a character; lines and columns count from 1."""
        line = self.text.count("\n", 0, offset) + 1
        column = offset - self.text.rfind("\n", 0, offset)
        return f"{self.path}:{line}:{column}" if self.path else f"{line}:{column}"

    def where(self, node: exp.Expr) -> str:
        """`path:line:column` of the node's first token, or of the nearest one around it."""
        around: exp.Expr | None = node
        while around is not None:
            starts = [n.meta["start"] for n in around.walk() if "start" in n.meta]
            if starts:
                return self.at(min(starts))
            around = around.parent
        return self.path

    def error(self, what: str, node: exp.Expr, *, known: str, remedy: str) -> DeclarationError:
        """A DeclarationError at `node`."""
        return DeclarationError(what, where=self.where(node), known=known, remedy=remedy)


def tokens(source: Source) -> list[Token]:
    """The tokens of the text; comments are not among them."""
    try:
        return list(_DIALECT.tokenize(source.text))
    except TokenError:
        opened = _unclosed(source.text)
        raise DeclarationError(
            "a quote, backquote or comment is not closed",
            where=source.at(opened),
            known=f"it begins at: {_one_line(source.text[opened : opened + 40])}",
            remedy="close it",
        ) from None


def _unclosed(text: str) -> int:
    """Where the first quote or comment begins that does not end."""
    blank = _QUOTED.sub(lambda found: " " * len(found[0]), text)
    return min((blank.find(mark) for mark in ("'", '"', "`", "/*") if mark in blank), default=0)


def parse(source: Source) -> exp.Expr:
    """The one query in the text: a SELECT, a set operation or VALUES.

    DeclarationError: a syntax error, no statement, several, or one that is no query.
    """
    trees = statements(source)
    if len(trees) == 1 and is_query(trees[0]):
        return trees[0]
    kinds = ", ".join(tree.key.upper() for tree in trees[:3])
    raise DeclarationError(
        "one SELECT is expected",
        where=source.path,
        known=f"{len(trees)} statement(s){': ' if kinds else ''}{kinds}",
        remedy="write one SELECT (a WITH before it is fine) and nothing else",
    )


def statements(source: Source) -> list[exp.Expr]:
    """Every statement of the text. DeclarationError: a syntax error."""
    tokens(source)
    try:
        return [tree for tree in _DIALECT.parse(source.text) if tree is not None]
    except ParseError as error:
        raise _syntax(source, error) from None


def is_query(tree: exp.Expr) -> bool:
    """Whether the tree answers rows and does nothing else at its root."""
    return isinstance(tree, exp.Query | exp.Values) and not isinstance(tree, exp.Table)


def parse_expression(source: Source) -> exp.Expr:
    """The one expression in the text. DeclarationError: a syntax error, or none, or more."""
    words = tokens(source)
    try:
        trees = _DIALECT.parse_into(exp.Select, "SELECT " + source.text) if words else []
    except ParseError as error:
        raise _syntax(source, error, shift=len("SELECT ")) from None
    tree = trees[0] if len(trees) == 1 else None
    plain = isinstance(tree, exp.Select) and len(tree.expressions) == 1
    if not plain or any(v for k, v in tree.args.items() if k != "expressions"):  # type: ignore[union-attr]
        raise DeclarationError(
            "one expression is expected",
            where=source.path,
            known=_one_line(source.text),
            remedy="write one Spark SQL expression over the columns",
        )
    found: exp.Expr = tree.expressions[0]  # type: ignore[union-attr]
    for node in found.walk():
        if "start" in node.meta:
            node.meta["start"] -= len("SELECT ")
            node.meta["end"] -= len("SELECT ")
    return found


def span(node: exp.Expr) -> tuple[int, int]:
    """First and last character of the tokens of `node` that have a place."""
    places = [n.meta for n in node.walk() if "start" in n.meta]
    return min(p["start"] for p in places), max(p["end"] for p in places)


def parts(node: exp.Expr) -> Iterator[exp.Identifier]:
    """The identifiers of a dotted name, in order."""
    names = (
        ("catalog", "db", "this")
        if isinstance(node, exp.Table)
        else ("catalog", "db", "table", "this")
    )
    if isinstance(node, exp.Dot):
        yield from parts(node.this)
        yield node.expression
        return
    yield from (
        node.args[name] for name in names if isinstance(node.args.get(name), exp.Identifier)
    )


def _syntax(source: Source, error: ParseError, shift: int = 0) -> DeclarationError:
    first = error.errors[0]
    line, column = first.get("line") or 1, first.get("col") or 1
    highlight = first.get("highlight") or ""
    column = max(1, column - len(highlight) + 1 - (shift if line == 1 else 0))
    place = f"{line}:{column}"
    if "SENTINEL" in (first["description"] or ""):
        place = Source(source.text).at(len(source.text.rstrip()))
    found = re.sub(r"<Token [^>]*TokenType\.SENTINEL[^>]*>", "the end", first["description"] or "")
    found = re.sub(r"<Token [^>]*?text: (.*?), line[^>]*>", r"\1", found)
    before, after = first.get("start_context") or "", first.get("end_context") or ""
    return DeclarationError(
        "the SQL is not understood",
        where=f"{source.path}:{place}" if source.path else place,
        known=_one_line(f"{found}, at: {before[-30:]} >>{highlight}<< {after[:30]}"),
        remedy="mend the syntax at this place; the dialect is Spark SQL",
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())[:160]


__all__ = ["Source", "Token", "TokenType", "is_query", "parse", "parse_expression", "parts"]
__all__ += ["span", "statements", "tokens"]
