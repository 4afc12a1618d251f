"""Which dimensions of a view decide what is counted: rows are joined with them, not groups."""

from collections.abc import Iterable, Iterator, Sequence

from pipeline_platform.errors import ViewRefused
from pipeline_platform.sql.view_answer import Answers
from pipeline_platform.sql.view_calls import Calls
from pipeline_platform.sql.view_keys import Item, Keys
from pipeline_platform.sql.view_names import Names, Owner
from pipeline_platform.sql.view_words import Clauses, Range


def deciding(
    names: Names, spans: Clauses, items: Sequence[Item], joined: Sequence[Owner]
) -> frozenset[str]:
    """Tables, beside those of which it is known, that group keys alone cannot be joined with.

    `joined` are the owners of the joins in `spans`. Attributes in WHERE and in aggregates
    decide what is counted, so do those in GROUP BY that are grouped further, and a join by
    what is no key.
    """
    keys, calls = Keys(names, items, spans.group), Calls(names.words)
    found = set(_uncounted(names, [spans.where]))
    for span in (spans.select, spans.having):
        found.update(_uncounted(names, calls.inside(span)))
    for attribute in keys.attributes:
        if keys.sets or not _over_keys(keys, attribute):
            found.update(_uncounted(names, [attribute]))
    for owner, join in zip(joined, spans.joins, strict=True):
        if not owner.counted and not _over_keys(keys, join.condition):
            found.add(owner.table)
    return frozenset(found)


def _uncounted(names: Names, spans: Iterable[Range]) -> Iterator[str]:
    for span in spans:
        for ref in names.refs(span):
            if ref.owner is not None and not ref.owner.counted:
                yield ref.owner.table


def _over_keys(keys: Keys, span: Range) -> bool:
    """Whether a range says nothing of the stream but keys."""
    try:
        Answers(keys).of(span, joined=True)
    except ViewRefused as error:
        return error.code != "not_a_key"
    return True
