"""What the names of columns in a view mean: stream, dimension or alias."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from sqlglot import exp

from pipeline_platform.sql.inference import arguments
from pipeline_platform.sql.parsing import Source, TokenType, parts, tokens
from pipeline_platform.sql.tables import table_name
from pipeline_platform.sql.view_words import Range, Words

STREAM = ""
_WITH_BY = frozenset({"ORDER", "GROUP", "SORT", "CLUSTER", "DISTRIBUTE", "PARTITION"})


class Owner(NamedTuple):
    """A table in FROM: `layer.table`, or STREAM; `qualifier` names it in the view's text.

    `counted`: its columns may decide what is counted, as those of the stream do.
    """

    table: str
    qualifier: str
    qualifiers: frozenset[tuple[str, ...]]
    columns: Mapping[str, str]
    counted: bool


class Ref(NamedTuple):
    """A column over the words of `span`, without the fields inside it.

    `owner` is None for a name that is only an alias of the view.
    """

    owner: Owner | None
    column: str
    span: Range


class Unit(NamedTuple):
    """One word, or one column with its qualifiers; `plain` is how it compares."""

    plain: tuple[str, str]
    span: Range
    ref: Ref | None


class Names:
    """The columns of a view by the place of their first word."""

    def __init__(self, words: Words, tree: exp.Select, owners: Sequence[Owner]) -> None:
        self.words, self._owners = words, owners
        self._places = {int(token.start): n for n, token in enumerate(words.tokens)}
        units = {id(node) for node in _units(tree)}
        columns = [node for node in tree.find_all(exp.Column) if id(node) not in units]
        refs = (self._ref(list(parts(_whole(node)))) for node in columns)
        self._refs = {ref.span.first: ref for ref in refs if ref is not None}

    def _ref(self, names: list[exp.Identifier]) -> Ref | None:
        if not names or "start" not in names[0].meta:
            return None
        first = self._places[names[0].meta["start"]]
        words = [name.name.lower() for name in names]
        for length in (2, 1, 0):
            for owner in self._owners:
                fits = not length or tuple(words[:length]) in owner.qualifiers
                if len(words) > length and fits and words[length] in owner.columns:
                    last = self._places[names[length].meta["start"]] + 1
                    return Ref(owner, owner.columns[words[length]], Range(first, last))
        return Ref(None, words[0], Range(first, first + 1))

    def units(self, span: Range) -> list[Unit]:
        """The words of a range, the names of a column taken together."""
        found, index = [], span.first
        while index < span.last:
            ref = self._refs.get(index)
            place = ref.span if ref else Range(index, index + 1)
            found.append(Unit(self._plain(index, ref), place, ref))
            index = place.last
        return found

    def _plain(self, index: int, ref: Ref | None) -> tuple[str, str]:
        if ref is None:
            return ("", self.words.plain(index))
        return (ref.owner.qualifier if ref.owner else "?", f"column {ref.column}")

    def plain(self, span: Range) -> tuple[tuple[str, str], ...]:
        """A range as it compares, whatever its case, spaces and qualifiers."""
        return tuple(unit.plain for unit in self.units(span))

    def refs(self, span: Range) -> Iterator[Ref]:
        """The columns named in a range."""
        return (unit.ref for unit in self.units(span) if unit.ref is not None)

    def text(self, span: Range) -> str:
        """A range as written, where a column's layer is left out: `f.x` of `serving.f.x`."""
        edits = {}
        for ref in self.refs(span):
            if ref.owner is not None and ref.span.last - ref.span.first == 5:
                name = self.words.verbatim(ref.span.last - 1)
                edits[ref.span.first] = (ref.span.last, f"{ref.owner.qualifier}.{name}")
        return self.words.text(span, edits)


def owner(table: exp.Table, columns: Mapping[str, str], name: str) -> Owner:
    """The owner that a table in FROM or JOIN is; `name` is STREAM or `layer.table`."""
    alias = table.alias or table.name
    written = [tuple(part.name.lower() for part in parts(table)), (table.name.lower(),)]
    return Owner(
        name,
        quoted(alias),
        frozenset([(alias.lower(),)] if table.alias else written),
        {column.lower(): column for column in columns},
        name == STREAM,
    )


def owners(
    tree: exp.Select, columns: Mapping[str, str], dimensions: Mapping[str, Mapping[str, str]]
) -> list[Owner]:
    """The stream, then every dimension in the order of the joins."""
    joined = [join.this for join in tree.args.get("joins") or ()]
    return [
        owner(tree.args["from_"].this, columns, STREAM),
        *(owner(table, dimensions[table_name(table)], table_name(table)) for table in joined),
    ]


def quoted(name: str) -> str:
    """A name as it can be written anywhere, whether it is a keyword or not."""
    plain = name.isidentifier() and tokens(Source(name))[0].token_type is TokenType.VAR
    return name if plain and name.upper() not in _WITH_BY else "`" + name.replace("`", "``") + "`"


def _whole(node: exp.Expr) -> exp.Expr:
    while isinstance(node.parent, exp.Dot) and node.arg_key == "this":
        if not isinstance(node.parent.expression, exp.Identifier):
            break
        node = node.parent
    return node


def _units(tree: exp.Expr) -> Iterator[exp.Expr]:
    for call in tree.find_all(exp.Anonymous):
        skipped = len(call.expressions) - len(arguments(call))
        yield from call.expressions[:skipped]
