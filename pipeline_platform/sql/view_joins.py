"""The joins of a view: each an equality of a dimension's columns and what the stream says."""

from collections.abc import Collection, Iterator
from typing import NamedTuple

from sqlglot import exp

from pipeline_platform.sql.parsing import Source, TokenType, parse
from pipeline_platform.sql.tables import table_name
from pipeline_platform.sql.view_names import STREAM, Names, Owner, owners
from pipeline_platform.sql.view_refusals import refused
from pipeline_platform.sql.view_words import Join, Range, Words, clauses

_LOOSE = frozenset(
    {"OR", "XOR", "NOT", "IS", "IN", "BETWEEN", "LIKE", "ILIKE", "RLIKE", "REGEXP"}
    | {"<", ">", "<=", ">=", "<>", "!=", "<=>"}
)


class Joined(NamedTuple):
    """A dimension joined to groups: `text` is all up to ON, `condition` is over GROUPS.

    `columns` are its own in ON.
    """

    table: str
    text: str
    columns: frozenset[str]
    condition: str
    offset: int


class PinnedJoin(NamedTuple):
    """A dimension joined to rows: `kind` is all before its name, `condition` as written."""

    table: str
    kind: str
    qualifier: str
    columns: frozenset[str]
    condition: str
    offset: int


def pinned_join(names: Names, owner: Owner, join: Join) -> PinnedJoin:
    """A join whose attributes decide what is counted, by what was checked of it."""
    words = names.words
    name = next(n for n in range(*join.head) if words.upper(n) == "JOIN") + 1
    return PinnedJoin(
        owner.table,
        words.text(Range(join.head.first, name)),
        owner.qualifier,
        joined_columns(names, owner, join),
        names.text(join.condition),
        words.offset(join.head.first),
    )


def joined_columns(names: Names, owner: Owner, join: Join) -> frozenset[str]:
    """The dimension's columns in ON. ViewRefused: a join without, or more than equalities."""
    words = names.words
    if join.condition.first == join.condition.last:
        place = words.offset(join.head.first)
        raise refused("join_kind", "a join without ON", words.source, place)
    return frozenset(_equality(names, span, owner) for span in _conjuncts(words, join.condition))


def joined_by_day(text: str, tables: Collection[str], day: str) -> str:
    """The statement whose joins of `tables` compare the day of a row with the column `day`."""
    if not tables:
        return text
    source = Source(text)
    tree, words = parse(source), Words(source)
    named: dict[str, dict[str, str]] = {
        table_name(join.this): {} for join in tree.args.get("joins") or ()
    }
    assert isinstance(tree, exp.Select)
    stream, *joined = owners(tree, {}, named)
    for owner, join in reversed(list(zip(joined, clauses(words).joins, strict=True))):
        if owner.table in tables:
            first, last = words.offset(join.condition.first), words.end(join.condition.last - 1)
            more = f" AND {owner.qualifier}.{day} = {stream.qualifier}._day"
            text = f"{text[:first]}({text[first:last]}){more}{text[last:]}"
    return text


def _conjuncts(words: Words, span: Range) -> Iterator[Range]:
    first = span.first
    for index in words.level(span):
        if words.kind(index) is TokenType.AND:
            yield Range(first, index)
            first = index + 1
    yield Range(first, span.last)


def _equality(names: Names, span: Range, owner: Owner) -> str:
    """The dimension's column of `column = expression over the stream`, either way round."""
    words = names.words
    marks = [n for n in words.level(span) if words.kind(n) is TokenType.EQ]
    sides = [Range(span.first, marks[0]), Range(marks[0] + 1, span.last)] if marks else []
    for one, other in (sides, sides[::-1]) if len(marks) == 1 else ():
        refs = list(names.refs(one))
        own = len(refs) == 1 and refs[0].span == one and refs[0].owner == owner
        rest = {ref.owner.table for ref in names.refs(other) if ref.owner}
        if own and rest == {STREAM} and not _looser(words, other):
            return refs[0].column
    text, place = words.text(span), words.offset(span.first)
    raise refused("join_condition", text, words.source, place)


def _looser(words: Words, span: Range) -> bool:
    """Whether a range holds an operator that binds no closer than an equality."""
    return any(words.upper(n) in _LOOSE for n in words.level(span))
