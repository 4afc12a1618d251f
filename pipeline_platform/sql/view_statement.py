"""A view's text read into its keys, aggregates and the expressions over them."""

from collections.abc import Mapping
from typing import NamedTuple

from sqlglot import exp

from pipeline_platform.errors import DeclarationError
from pipeline_platform.sql.analysis import analyse
from pipeline_platform.sql.parsing import Source, TokenType
from pipeline_platform.sql.view_calls import Aggregate, Calls
from pipeline_platform.sql.view_names import STREAM, Names, Owner, Ref, Unit, owners, quoted
from pipeline_platform.sql.view_refusals import refused
from pipeline_platform.sql.view_shape import check_shape, check_tables, view_tree
from pipeline_platform.sql.view_words import Clauses, Range, Words, clauses

GROUPS = "_g"  # the finished groups in the answer: keys k0.., values v0..
_ATOMIC_BEFORE = frozenset({"(", ",", "when", "then", "else"})
_ATOMIC_AFTER = frozenset({")", ",", "then", "else", "end", "as"})


class Measure(NamedTuple):
    """An aggregate in the user's words; `type` is that of its argument, None if unknown.

    `where` is its place, `text` all of it; `star` says that it counts rows.
    """

    name: str
    arguments: tuple[str, ...]
    filter: str | None
    distinct: bool
    parameter: int | None
    descending: bool
    type: str | None
    text: str
    offset: int

    @property
    def star(self) -> bool:
        return self.arguments == ("*",)


class Output(NamedTuple):
    """A column of the answer: its text over GROUPS and dimensions, the key it is, its measures."""

    name: str
    text: str
    key: int | None
    measures: frozenset[int]


class Joined(NamedTuple):
    """A dimension: its table, `text` up to ON, its columns in ON, and ON over GROUPS."""

    table: str
    text: str
    columns: frozenset[str]
    condition: str


class ViewStatement(NamedTuple):
    """What a view says. `source` is the stream's name in the texts of keys and measures."""

    origin: Source
    source: str
    keys: tuple[str, ...]
    measures: tuple[Measure, ...]
    where: str
    outputs: tuple[Output, ...]
    having: str
    joins: tuple[Joined, ...]


def read_view(
    text: str,
    stream: str,
    columns: Mapping[str, str],
    dimensions: Mapping[str, Mapping[str, str]],
    path: str = "",
) -> ViewStatement:
    """`text` as a view over `serving.<stream>`; `dimensions` by `layer.table`.

    ViewRefused: it does not split. Otherwise raises as `analyse` does.
    """
    source = Source(text, path)
    tree = view_tree(source)
    check_tables(tree, stream, dimensions, source)
    check_shape(tree, source)
    tables = {f"serving.{stream}": columns, **dimensions}
    analyse(text, tables, path=path)
    return _Reader(source, tree, stream, columns, dimensions).read()


class _Reader:
    def __init__(
        self,
        source: Source,
        tree: exp.Select,
        stream: str,
        columns: Mapping[str, str],
        dimensions: Mapping[str, Mapping[str, str]],
    ) -> None:
        self.source, self.tree, self.stream, self.columns = source, tree, stream, columns
        self.owners = owners(tree, columns, dimensions)
        self.words = Words(source)
        self.spans: Clauses = clauses(self.words)
        self.names = Names(self.words, tree, self.owners)
        self.calls = Calls(self.words)
        self.items = self._items()
        self.keys: list[Range] = []
        self.attributes: list[Range] = []
        self.measures: list[Measure] = []

    def read(self) -> ViewStatement:
        self._group()
        where = self._before_group(self.spans.where)
        outputs = tuple(self._output(name, span) for name, span in self.items)
        having = self._answer(self.spans.having, True)[0]
        joins = tuple(self._join(n) for n in range(len(self.spans.joins)))
        if not self.measures:
            raise refused("no_aggregate", "", self.source, self.words.offset(0))
        return ViewStatement(
            self.source,
            self.owners[0].qualifier,
            tuple(self.names.text(key) for key in self.keys),
            tuple(self.measures),
            where,
            outputs,
            having,
            joins,
        )

    def _items(self) -> list[tuple[str, Range]]:
        spans = self.words.split(self.spans.select)
        named = []
        for node, span in zip(self.tree.expressions, spans, strict=True):
            last = span.last
            if isinstance(node, exp.Alias):
                last -= 2 if self.words.upper(last - 2) == "AS" else 1
            named.append((node.alias_or_name, Range(span.first, last)))
        return named

    def _group(self) -> None:
        group = self.tree.args.get("group")
        if group is None:
            return
        offset = self.words.offset(self.spans.group.first)
        for name in ("rollup", "cube", "grouping_sets", "totals", "all"):
            if group.args.get(name):
                raise refused("grouping_sets", name.replace("_", " ").upper(), self.source, offset)
        for node in group.expressions:
            if isinstance(node, exp.Rollup | exp.Cube | exp.GroupingSets):
                raise refused("grouping_sets", node.key.upper(), self.source, offset)
        for span in self.words.split(self.spans.group):
            self._key(self._meant(span))

    def _key(self, span: Range) -> None:
        self._no_aggregate(span)
        owned = {ref.owner.table for ref in self.names.refs(span) if ref.owner}
        if owned - {STREAM}:
            self.attributes.append(span)
        elif self.names.plain(span) not in [self.names.plain(key) for key in self.keys]:
            self.keys.append(span)

    def _meant(self, span: Range) -> Range:
        """What an ordinal or an alias in GROUP BY stands for."""
        if span.last - span.first != 1:
            return span
        word = self.words.verbatim(span.first)
        if self.words.kind(span.first) is TokenType.NUMBER:
            if not word.isdigit() or not 1 <= int(word) <= len(self.items):
                raise refused("not_a_key", word, self.source, self.words.offset(span.first))
            return self.items[int(word) - 1][1]
        ref = next(self.names.refs(span), None)
        if ref is None:
            return span
        item = self._alias(ref)
        return item if item is not None else span

    def _alias(self, ref: Ref) -> Range | None:
        """The item that a bare name is the alias of. ViewRefused: it is a column as well."""
        name = self.words.tokens[ref.span.last - 1].text.lower()
        item = next((span for alias, span in self.items if alias.lower() == name), None)
        if item is None or ref.span.last - ref.span.first != 1:
            return None
        if ref.owner is None:
            return item
        if self.names.plain(item) != self.names.plain(ref.span):
            place = self.words.offset(ref.span.first)
            raise refused("ambiguous_alias", name, self.source, place)
        return None

    def _no_aggregate(self, span: Range) -> None:
        found = self.calls.first(span)
        if found is not None:
            name = f"{self.words.upper(found).lower()}()"
            place = self.words.offset(found)
            raise refused("aggregate_before_group", name, self.source, place)

    def _before_group(self, span: Range) -> str:
        """A text over the stream's columns alone."""
        self._no_aggregate(span)
        self._of_stream(span)
        return self.names.text(span)

    def _of_stream(self, span: Range) -> None:
        for ref in self.names.refs(span):
            if ref.owner is None or ref.owner.table != STREAM:
                place, name = self.words.offset(ref.span.first), self.words.text(ref.span)
                raise refused("dimension_in_partial", name, self.source, place)

    def _output(self, name: str, span: Range) -> Output:
        text, measures = self._answer(span)
        plain = self.names.plain(span)
        keys = [self.names.plain(key) for key in self.keys]
        return Output(name, text, keys.index(plain) if plain in keys else None, measures)

    def _answer(self, span: Range, aliases: bool = False) -> tuple[str, frozenset[int]]:
        """A range over finished groups, and the measures it has."""
        edits: dict[int, tuple[int, str]] = {}
        measures: set[int] = set()
        units = self.names.units(span)
        place = 0
        while place < len(units):
            unit = units[place]
            found = self.calls.at(unit.span.first)
            key = self._matched(units, place) if found is None else None
            if found is not None:
                number = self._measure(found)
                measures.add(number)
                edits[unit.span.first] = (found.span.last, f"{GROUPS}.v{number}")
            elif key is not None:
                last = units[place + len(self.names.plain(self.keys[key])) - 1].span.last
                edits[unit.span.first] = (last, f"{GROUPS}.k{key}")
            elif unit.ref is not None:
                text, inner = self._named(unit.ref, aliases)
                measures |= inner
                edits[unit.span.first] = (unit.ref.span.last, text)
            last = edits.get(unit.span.first, (unit.span.last, ""))[0]
            place += 1
            while place < len(units) and units[place].span.first < last:
                place += 1
        return self.words.text(span, edits), frozenset(measures)

    def _matched(self, units: list[Unit], place: int) -> int | None:
        """The longest key that stands at this place as an expression of its own."""
        best: tuple[int, int] | None = None
        for number, key in enumerate(self.keys):
            plain = self.names.plain(key)
            here = tuple(unit.plain for unit in units[place : place + len(plain)])
            if here != plain or not self._alone(key, units, place, len(plain)):
                continue
            if best is None or len(plain) > best[0]:
                best = (len(plain), number)
        return best[1] if best else None

    def _alone(self, key: Range, units: list[Unit], place: int, length: int) -> bool:
        if self._atomic(key):
            return True
        before = units[place - 1].plain[1] if place else "("
        after = units[place + length].plain[1] if place + length < len(units) else ")"
        return before in _ATOMIC_BEFORE and after in _ATOMIC_AFTER

    def _atomic(self, key: Range) -> bool:
        """One column or one call: whatever stands around it, it is an operand."""
        ref = next(self.names.refs(key), None)
        if ref is not None and ref.span == key:
            return True
        return self.words.called(key.first) and self.words.call(key.first).span == key

    def _named(self, ref: Ref, aliases: bool) -> tuple[str, frozenset[int]]:
        if ref.owner is not None and ref.owner.table != STREAM:
            column = self.words.verbatim(ref.span.last - 1)
            return f"{ref.owner.qualifier}.{column}", frozenset()
        item = self._alias(ref) if aliases else None
        if item is None:
            place, name = self.words.offset(ref.span.first), self.words.text(ref.span)
            raise refused("not_a_key", name, self.source, place)
        text, measures = self._answer(item)
        return f"({text})", measures

    def _measure(self, found: Aggregate) -> int:
        for span in (*found.arguments, *([found.filter] if found.filter else [])):
            self._of_stream(span)
        arguments = tuple(self.names.text(span) for span in found.arguments)
        condition = self.names.text(found.filter) if found.filter else None
        measure = Measure(
            found.name,
            arguments,
            condition,
            found.distinct,
            found.parameter,
            found.descending,
            self._type(found, arguments),
            self.names.text(found.span),
            self.words.offset(found.span.first),
        )
        same = [measure._replace(offset=0, text="") == m._replace(offset=0, text="")
                for m in self.measures]  # fmt: skip
        if True in same:
            return same.index(True)
        self.measures.append(measure)
        return len(self.measures) - 1

    def _type(self, found: Aggregate, arguments: tuple[str, ...]) -> str | None:
        if found.name not in ("sum", "avg", "mean"):
            return None
        table = f"serving.{self.stream}"
        query = f"SELECT {arguments[0]} AS value FROM {table} AS {self.owners[0].qualifier}"
        try:
            return analyse(query, {table: self.columns}).columns[0].type
        except DeclarationError:
            return None

    def _join(self, number: int) -> Joined:
        owner, join = self.owners[number + 1], self.spans.joins[number]
        self._no_aggregate(join.condition)
        columns = set()
        for span in self._conjuncts(join.condition):
            columns.add(self._equality(span, owner))
        return Joined(
            owner.table,
            self.words.text(join.head),
            frozenset(columns),
            self._answer(join.condition)[0],
        )

    def _conjuncts(self, span: Range) -> list[Range]:
        found, first = [], span.first
        for index in self.words.level(span):
            if self.words.upper(index) == "AND":
                found.append(Range(first, index))
                first = index + 1
        return [*found, Range(first, span.last)]

    def _equality(self, span: Range, owner: Owner) -> str:
        """The dimension's column of `column = expression over keys`, either way round."""
        marks = [n for n in self.words.level(span) if self.words.kind(n) is TokenType.EQ]
        sides = [Range(span.first, marks[0]), Range(marks[0] + 1, span.last)] if marks else []
        for one, other in (sides, sides[::-1]) if len(marks) == 1 else ():
            refs = list(self.names.refs(one))
            own = len(refs) == 1 and refs[0].span == one and refs[0].owner == owner
            rest = [ref.owner.table for ref in self.names.refs(other) if ref.owner]
            if own and rest and set(rest) == {STREAM}:
                return refs[0].column
        text, place = self.words.text(span), self.words.offset(span.first)
        raise refused("join_condition", text, self.source, place)


__all__ = ["GROUPS", "Joined", "Measure", "Output", "ViewStatement", "quoted", "read_view"]
