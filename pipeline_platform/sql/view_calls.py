"""The aggregates in a view's text: found, checked, and taken as values."""

from collections.abc import Iterator
from typing import NamedTuple

from pipeline_platform.sql.parsing import TokenType
from pipeline_platform.sql.view_functions import AGGREGATES, REFUSED
from pipeline_platform.sql.view_refusals import refused
from pipeline_platform.sql.view_words import Call, Range, Words

_HLL, _THETA = "hll_sketch_estimate", "theta_sketch_estimate"
_SKETCHES = {_HLL: ("hll_sketch_agg", "hll_union"), _THETA: ("theta_sketch_agg", "theta_union")}
_WITHOUT_DISTINCT = frozenset({"min", "max", "bool_and", "bool_or", "every", "some", "any"})
_COUNTS = {
    "count": range(1, 100), "max_by": range(2, 3), "min_by": range(2, 3),
    "hll_sketch_agg": range(1, 3), "theta_sketch_agg": range(1, 3),
}  # fmt: skip


class Aggregate(NamedTuple):
    """One aggregate over `span`.

    `name` is the function, `top` for the k largest or smallest of a list; `parameter` is
    its literal: the size of a sketch, or k; `descending` is of `top` alone.
    """

    name: str
    arguments: tuple[Range, ...]
    filter: Range | None
    distinct: bool
    span: Range
    parameter: int | None = None
    descending: bool = False


class Calls:
    """Finds the aggregates of one statement."""

    def __init__(self, words: Words) -> None:
        self._words = words

    def at(self, index: int) -> Aggregate | None:
        """The aggregate that begins at a word. ViewRefused: one that does not split."""
        words = self._words
        if not words.called(index):
            return None
        name = words.upper(index).lower()
        if name == "slice" and (found := self._top(index)):
            return self._checked(found)
        if name in _SKETCHES and (found := self._estimate(index)):
            return self._checked(found)
        if name not in AGGREGATES:
            return None
        call = words.call(index)
        if name in ("hll_sketch_agg", "theta_sketch_agg"):
            raise refused("bare_sketch", name, words.source, words.offset(index))
        if name in REFUSED:
            raise refused(REFUSED[name], f"{name}()", words.source, words.offset(index))
        return self._checked(self._plain(call))

    def first(self, span: Range) -> int | None:
        """The first word of a range that calls an aggregate."""
        return next((n for n in range(*span) if self._aggregates(n)), None)

    def inside(self, span: Range) -> Iterator[Range]:
        """The calls of aggregates in a range, each with its FILTER."""
        return (self._words.call(n).span for n in range(*span) if self._aggregates(n))

    def _aggregates(self, index: int) -> bool:
        return self._words.called(index) and self._words.upper(index).lower() in AGGREGATES

    def _plain(self, call: Call) -> Aggregate:
        words, arguments = self._words, call.arguments
        alone = not arguments or arguments[0].last - arguments[0].first == 1
        head = "" if alone else words.upper(call.inside.first)
        if head in ("DISTINCT", "ALL") and words.kind(call.inside.first + 1) is not TokenType.DOT:
            arguments = (Range(arguments[0].first + 1, arguments[0].last), *arguments[1:])
        distinct = head == "DISTINCT" and call.name not in _WITHOUT_DISTINCT
        if distinct and call.name != "count":
            place = words.offset(call.span.first)
            raise refused("distinct_aggregate", f"{call.name}()", words.source, place)
        empty = any(span.first >= span.last for span in arguments) or (
            alone and words.kind(call.inside.first) is TokenType.DISTINCT
        )
        if empty or len(arguments) not in _COUNTS.get(call.name, range(1, 2)):
            place = words.offset(call.span.first)
            raise refused("arguments", words.text(call.span), words.source, place)
        if call.name == "count_if" and call.filter is not None:
            raise refused("count_if_filter", "", words.source, words.offset(call.span.first))
        if call.name in ("max_by", "min_by"):
            arguments = (arguments[0], *self._orders(arguments[1]))
        return Aggregate(call.name, arguments, call.filter, distinct, call.span)

    def _orders(self, span: Range) -> tuple[Range, ...]:
        """The fields of struct(a, b), since engines sort NULL in a struct differently."""
        named = self._calls(span, "named_struct")
        if not named and not self._calls(span, "struct"):
            return (span,)
        fields = self._words.call(span.first).arguments[1 if named else 0 :: 2 if named else 1]
        if any(self._words.upper(n) == "AS" for field in fields for n in self._words.level(field)):
            return (span,)
        return fields or (span,)

    def _checked(self, found: Aggregate) -> Aggregate:
        words = self._words
        for span in (*found.arguments, *([found.filter] if found.filter else [])):
            inner = self.first(span)
            if inner is not None:
                name = f"{words.upper(inner).lower()}()"
                raise refused("nested_aggregate", name, words.source, words.offset(inner))
        return found

    def _estimate(self, index: int) -> Aggregate | None:
        """`estimate(agg(x, k))`, or the same of the union of a sketch with itself."""
        words, call = self._words, self._words.call(index)
        name, union = _SKETCHES[call.name]
        inner = call.inside.first
        if words.called(inner) and words.upper(inner).lower() == union:
            both = words.call(inner).arguments
            if len(both) != 2 or words.text(both[0]) != words.text(both[1]):
                return None
            inner = both[0].first
        if not words.called(inner) or words.upper(inner).lower() != name:
            return None
        sketch = words.call(inner)
        found = self._plain(sketch)._replace(span=call.span)
        return self._sized(found) if len(found.arguments) == 2 else found

    def _sized(self, found: Aggregate) -> Aggregate:
        size = self._number(found.arguments[1])
        if size is None or not 4 <= size <= (21 if found.name == "hll_sketch_agg" else 26):
            place = self._words.offset(found.span.first)
            raise refused("sketch_parameter", found.name, self._words.source, place)
        return found._replace(arguments=found.arguments[:1], parameter=size)

    def _top(self, index: int) -> Aggregate | None:
        """`slice(sort_array(collect_list(x)[, descending]), 1, k)`."""
        words, call = self._words, self._words.call(index)
        if len(call.arguments) != 3 or not self._calls(call.arguments[0], "sort_array"):
            return None
        first, most = self._number(call.arguments[1]), self._number(call.arguments[2])
        ordered = words.call(call.arguments[0].first)
        listed = ordered.arguments[0] if ordered.arguments else Range(0, 0)
        if first != 1 or not most or not self._calls(listed, "collect_list", "array_agg"):
            return None
        order = words.text(ordered.arguments[1]).lower() if len(ordered.arguments) > 1 else "true"
        if len(ordered.arguments) > 2 or order not in ("true", "false"):
            return None
        found = self._plain(words.call(listed.first))
        return found._replace(
            name="top", span=call.span, parameter=most, descending=order == "false"
        )

    def _calls(self, span: Range, *names: str) -> bool:
        """Whether all of a range is one call of one of these functions."""
        words = self._words
        named = words.called(span.first) and words.upper(span.first).lower() in names
        return named and words.call(span.first).span == span

    def _number(self, span: Range) -> int | None:
        plain = self._words.kind(span.first) is TokenType.NUMBER
        text = self._words.verbatim(span.first) if plain and span.last - span.first == 1 else ""
        return int(text) if text.isdigit() else None
