"""A view's text read into its keys, aggregates and the expressions over them."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from sqlglot import exp

from pipeline_platform.errors import DeclarationError, ViewRefused
from pipeline_platform.sql.analysis import analyse
from pipeline_platform.sql.parsing import Source, TokenType
from pipeline_platform.sql.view_answer import GROUPS, Answers
from pipeline_platform.sql.view_calls import Aggregate, Calls
from pipeline_platform.sql.view_keys import Item, Keys
from pipeline_platform.sql.view_names import STREAM, Names, Owner, owners, quoted
from pipeline_platform.sql.view_refusals import refused
from pipeline_platform.sql.view_shape import check_shape, check_tables, view_tree
from pipeline_platform.sql.view_words import Join, Range, Words, clauses


class Measure(NamedTuple):
    """An aggregate in the user's words; `type` is that of its argument, None if unknown.

    `offset` is its place in the text; `*` as the only argument counts rows.
    """

    name: str
    arguments: tuple[str, ...]
    filter: str | None
    distinct: bool
    parameter: int | None
    descending: bool
    type: str | None
    offset: int


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
    offset: int


class ViewStatement(NamedTuple):
    """What a view says. `source` is the stream's name in the texts of keys and measures.

    `sets` is GROUP BY over k0.. where it has totals, else empty; `levels` are the calls of
    grouping and grouping_id over k0.. that answer as g0..
    """

    origin: Source
    source: str
    keys: tuple[str, ...]
    measures: tuple[Measure, ...]
    where: str
    outputs: tuple[Output, ...]
    having: str
    joins: tuple[Joined, ...]
    sets: str
    levels: tuple[str, ...]


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
    table = f"serving.{stream}"
    analyse(text, {table: columns, **dimensions}, path=path)
    return _Reader(source, tree, owners(tree, columns, dimensions), table, columns).read()


class _Reader:
    def __init__(
        self,
        source: Source,
        tree: exp.Select,
        owners: list[Owner],
        table: str,
        columns: Mapping[str, str],
    ) -> None:
        self._source, self._tree, self._owners = source, tree, owners
        self._table, self._columns = table, columns
        self._words = Words(source)
        self._spans = clauses(self._words)
        self._names = Names(self._words, tree, owners)
        self._calls = Calls(self._words)

    def read(self) -> ViewStatement:
        items = list(self._items())
        keys = Keys(self._names, items, self._spans.group)
        answers = Answers(keys)
        where = self._before_group(self._spans.where)
        joins = tuple(self._join(keys, answers, n) for n in range(len(self._spans.joins)))
        outputs = tuple(self._output(keys, answers, item) for item in items)
        having = answers.of(self._spans.having, aliases=True).text
        if not answers.measures:
            raise refused("no_aggregate", "", self._source, self._words.offset(0))
        return ViewStatement(
            self._source,
            self._owners[0].qualifier,
            tuple(self._names.text(key) for key in keys.keys),
            tuple(self._measure(found) for found in answers.measures),
            where,
            outputs,
            having,
            joins,
            keys.sets,
            tuple(answers.levels),
        )

    def _items(self) -> Iterator[Item]:
        spans = self._words.split(self._spans.select)
        if len(spans) != len(self._tree.expressions):
            place = self._words.offset(self._spans.select.first)
            raise refused("syntax", "a comma without a column", self._source, place)
        for node, span in zip(self._tree.expressions, spans, strict=True):
            last = span.last
            if isinstance(node, exp.Alias):
                last -= 2 if self._words.upper(last - 2) == "AS" else 1
            yield Item(node.alias_or_name, Range(span.first, last))

    def _output(self, keys: Keys, answers: Answers, item: Item) -> Output:
        text, measures = answers.of(item.span)
        key = None if keys.sets else keys.number(item.span)
        return Output(item.name, text, key, measures)

    def _before_group(self, span: Range) -> str:
        """A text over the stream's columns alone."""
        self._no_aggregate(span)
        self._of_stream(span)
        return self._names.text(span)

    def _no_aggregate(self, span: Range) -> None:
        found = self._calls.first(span)
        if found is not None:
            name = f"{self._words.upper(found).lower()}()"
            place = self._words.offset(found)
            raise refused("aggregate_before_group", name, self._source, place)

    def _of_stream(self, span: Range) -> None:
        for ref in self._names.refs(span):
            if ref.owner is None or ref.owner.table != STREAM:
                place, name = self._words.offset(ref.span.first), self._words.text(ref.span)
                raise refused("dimension_in_partial", name, self._source, place)

    def _measure(self, found: Aggregate) -> Measure:
        for span in (*found.arguments, *([found.filter] if found.filter else [])):
            self._of_stream(span)
        arguments = tuple(self._names.text(span) for span in found.arguments)
        return Measure(
            found.name,
            arguments,
            self._names.text(found.filter) if found.filter else None,
            found.distinct,
            found.parameter,
            found.descending,
            self._type(arguments[0]) if found.name in ("sum", "avg", "mean") else None,
            self._words.offset(found.span.first),
        )

    def _type(self, text: str) -> str | None:
        query = f"SELECT ({text}) AS value FROM {self._table} AS {self._owners[0].qualifier}"
        try:
            return analyse(query, {self._table: self._columns}).columns[0].type
        except DeclarationError:
            return None

    def _join(self, keys: Keys, answers: Answers, number: int) -> Joined:
        owner, join = self._owners[number + 1], self._spans.joins[number]
        if join.condition.first == join.condition.last:
            place = self._words.offset(join.head.first)
            raise refused("join_kind", "a join without ON", self._source, place)
        self._no_aggregate(join.condition)
        columns = frozenset(self._equality(span, owner) for span in self._conjuncts(join))
        offset = self._words.offset(join.head.first)
        try:
            condition = answers.of(join.condition, joined=True).text
        except ViewRefused as error:
            if error.code != "not_a_key" or not keys.attributes:
                raise
            attribute = keys.attributes[0]
            name, place = self._words.text(attribute), self._words.offset(attribute.first)
            raise refused("dimension_in_partial", name, self._source, place) from None
        return Joined(owner.table, self._words.text(join.head), columns, condition, offset)

    def _conjuncts(self, join: Join) -> Iterator[Range]:
        first = join.condition.first
        for index in self._words.level(join.condition):
            if self._words.kind(index) is TokenType.AND:
                yield Range(first, index)
                first = index + 1
        yield Range(first, join.condition.last)

    def _equality(self, span: Range, owner: Owner) -> str:
        """The dimension's column of `column = expression over keys`, either way round."""
        marks = [n for n in self._words.level(span) if self._words.kind(n) is TokenType.EQ]
        sides = [Range(span.first, marks[0]), Range(marks[0] + 1, span.last)] if marks else []
        for one, other in (sides, sides[::-1]) if len(marks) == 1 else ():
            refs = list(self._names.refs(one))
            own = len(refs) == 1 and refs[0].span == one and refs[0].owner == owner
            rest = {ref.owner.table for ref in self._names.refs(other) if ref.owner}
            if own and rest == {STREAM}:
                return refs[0].column
        text, place = self._words.text(span), self._words.offset(span.first)
        raise refused("join_condition", text, self._source, place)


__all__ = ["GROUPS", "Joined", "Measure", "Output", "ViewStatement", "quoted", "read_view"]
