"""A view's text read into its keys, aggregates and the expressions over them."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from sqlglot import exp

from pipeline_platform.errors import DeclarationError
from pipeline_platform.sql.analysis import analyse
from pipeline_platform.sql.parsing import Source
from pipeline_platform.sql.view_answer import GROUPS, Answers
from pipeline_platform.sql.view_calls import Aggregate, Calls
from pipeline_platform.sql.view_counted import deciding
from pipeline_platform.sql.view_joins import Joined, PinnedJoin, joined_columns, pinned_join
from pipeline_platform.sql.view_keys import Item, Keys
from pipeline_platform.sql.view_names import STREAM, Names, Owner, owners, quoted
from pipeline_platform.sql.view_refusals import refused
from pipeline_platform.sql.view_shape import check_shape, check_tables, view_tree
from pipeline_platform.sql.view_words import Range, Words, clauses


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


class ViewStatement(NamedTuple):
    """What a view says. `source` is the stream's name in the texts of keys and measures.

    `joins` are dimensions beside groups, `pinned` those beside rows, and `used` the columns of
    the latter by table, with their types.
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
    pinned: tuple[PinnedJoin, ...]
    used: Mapping[str, Mapping[str, str]]


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
    tables = {table: columns, **dimensions}
    analyse(text, tables, path=path)
    found = owners(tree, columns, dimensions)
    while True:
        reader = _Reader(source, tree, found, table, tables)
        more = reader.deciding()
        if not more:
            return reader.read()
        found = [owner._replace(counted=owner.counted or owner.table in more) for owner in found]


class _Reader:
    def __init__(
        self,
        source: Source,
        tree: exp.Select,
        owners: list[Owner],
        stream: str,
        tables: Mapping[str, Mapping[str, str]],
    ) -> None:
        self._source, self._tree, self._owners = source, tree, owners
        self._stream, self._tables = stream, tables
        self._words = Words(source)
        self._spans = clauses(self._words)
        self._names = Names(self._words, tree, owners)
        self._calls = Calls(self._words)

    def deciding(self) -> frozenset[str]:
        """Tables, beside those that are, whose attributes decide what is counted."""
        return deciding(self._names, self._spans, list(self._items()), self._owners[1:])

    def read(self) -> ViewStatement:
        items = list(self._items())
        keys = Keys(self._names, items, self._spans.group)
        answers = Answers(keys)
        where = self._before_group(self._spans.where)
        for join in self._spans.joins:
            self._no_aggregate(join.condition)
        joins = tuple(self._joins(answers))
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
            tuple(self._pinned()),
            self._used(),
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
        """A text over rows."""
        self._no_aggregate(span)
        return self._names.text(span)

    def _no_aggregate(self, span: Range) -> None:
        found = self._calls.first(span)
        if found is not None:
            name = f"{self._words.upper(found).lower()}()"
            place = self._words.offset(found)
            raise refused("aggregate_before_group", name, self._source, place)

    def _measure(self, found: Aggregate) -> Measure:
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
        stream, *joined = self._owners
        query = f"SELECT ({text}) AS value FROM {self._stream} AS {stream.qualifier}"
        query += "".join(f" JOIN {o.table} AS {o.qualifier} ON true" for o in joined if o.counted)
        try:
            return analyse(query, self._tables).columns[0].type
        except DeclarationError:
            return None

    def _joins(self, answers: Answers) -> Iterator[Joined]:
        """The joins of groups; those of rows are known by then."""
        for owner, join in zip(self._owners[1:], self._spans.joins, strict=True):
            columns = joined_columns(self._names, owner, join)
            if not owner.counted:
                condition = answers.of(join.condition, joined=True).text
                text, offset = self._words.text(join.head), self._words.offset(join.head.first)
                yield Joined(owner.table, text, columns, condition, offset)

    def _pinned(self) -> Iterator[PinnedJoin]:
        for owner, join in zip(self._owners[1:], self._spans.joins, strict=True):
            if owner.counted:
                yield pinned_join(self._names, owner, join)

    def _used(self) -> dict[str, dict[str, str]]:
        """By pinned table the columns that the statement names, with their types."""
        found: dict[str, dict[str, str]] = {}
        for ref in self._names.refs(Range(0, len(self._words))):
            if ref.owner is not None and ref.owner.counted and ref.owner.table != STREAM:
                kind = self._tables[ref.owner.table][ref.column]
                found.setdefault(ref.owner.table, {})[ref.column] = kind
        return found


__all__ = ["GROUPS", "Measure", "Output", "ViewStatement", "quoted", "read_view"]
