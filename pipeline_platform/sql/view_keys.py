"""What a view groups by: keys, attributes of dimensions, sets of groups."""

from collections.abc import Sequence
from typing import NamedTuple

from pipeline_platform.sql.parsing import TokenType
from pipeline_platform.sql.view_calls import Calls
from pipeline_platform.sql.view_names import Names, Ref, Unit
from pipeline_platform.sql.view_refusals import refused
from pipeline_platform.sql.view_words import Range, Words

_BEFORE = frozenset({"(", ",", "when", "then", "else"})
_AFTER = frozenset({")", ",", "then", "else", "end", "as"})
_SETS = frozenset({"ROLLUP", "CUBE", "GROUPING SETS"})


class Item(NamedTuple):
    """A column of the SELECT: its name and its words without the alias."""

    name: str
    span: Range


class Match(NamedTuple):
    """A key (or an attribute) that stands somewhere, in so many units."""

    number: int
    length: int
    attribute: bool


class Keys:
    """The keys of GROUP BY in order, each once; `sets` is its text over k0.. if it has totals."""

    def __init__(self, names: Names, items: Sequence[Item], group: Range) -> None:
        self.names, self.words, self._items = names, names.words, items
        self._calls = Calls(self.words)
        self.keys: list[Range] = []
        self.attributes: list[Range] = []
        self.sets = ""
        self._read(group)
        self._plain = [names.plain(span) for span in (*self.keys, *self.attributes)]

    def number(self, span: Range) -> int | None:
        """The key that all of a range is."""
        plain = self.names.plain(span)
        return self._plain.index(plain) if plain in self._plain[: len(self.keys)] else None

    def matched(self, units: Sequence[Unit], place: int) -> Match | None:
        """The longest key that stands at this place as an expression of its own."""
        best: Match | None = None
        for number, plain in enumerate(self._plain):
            here = tuple(unit.plain for unit in units[place : place + len(plain)])
            if here != plain or not self._alone(number, units, place, len(plain)):
                continue
            if best is None or len(plain) > best.length:
                attribute = number >= len(self.keys)
                best = Match(number - attribute * len(self.keys), len(plain), attribute)
        return best

    def alias(self, ref: Ref) -> Range | None:
        """The item that a bare name is the alias of. ViewRefused: it is a column as well."""
        name = self.words.tokens[ref.span.last - 1].text.lower()
        item = next((item.span for item in self._items if item.name.lower() == name), None)
        if item is None or ref.span.last - ref.span.first != 1:
            return None
        if ref.owner is None:
            return item
        if self.names.plain(item) != self.names.plain(ref.span):
            raise refused("ambiguous_alias", name, self.words.source, self._offset(ref.span))
        return None

    def _read(self, group: Range) -> None:
        span, last = group, self.words.upper(group.last - 1)
        totals = self.words.upper(group.last - 2) == "WITH" and last in _SETS
        if totals:
            span = Range(group.first, group.last - 2)
        texts = [self._element(part, 0) for part in self.words.split(span)]
        if totals:
            texts = [f"{last} ({', '.join(texts)})"]
        if totals or any(self.words.upper(n) in _SETS for n in self.words.level(span)):
            self.sets = ", ".join(texts)

    def _element(self, span: Range, depth: int) -> str:
        """A key, a set of groups, or inside a set a list of keys."""
        if span.last <= span.first:
            raise self._no_sets(span)
        inner = self._inside(span, 1) if self.words.upper(span.first) in _SETS else None
        if inner is not None:
            if depth:
                raise self._no_sets(span)
            parts = [self._element(part, 1) for part in self.words.split(inner)]
            return f"{self.words.upper(span.first)} ({', '.join(parts)})"
        inner = self._inside(span, 0) if depth == 1 else None
        if inner is not None:
            return f"({', '.join(self._element(p, 2) for p in self.words.split(inner))})"
        meant = self._meant(span)
        if depth and meant != span:
            raise self._no_sets(span)
        return self._key(meant)

    def _inside(self, span: Range, skipped: int) -> Range | None:
        """What stands in the parentheses that a range consists of, after the first words."""
        words = list(self.words.level(Range(span.first + skipped, span.last)))
        if len(words) == 1 and self.words.kind(words[0]) is TokenType.L_PAREN:
            return Range(words[0] + 1, span.last - 1)
        return None

    def _key(self, span: Range) -> str:
        found = self._calls.first(span)
        if found is not None:
            name = f"{self.words.upper(found).lower()}()"
            place = self.words.offset(found)
            raise refused("aggregate_before_group", name, self.words.source, place)
        counted = all(ref.owner.counted for ref in self.names.refs(span) if ref.owner)
        found_in = self.keys if counted else self.attributes
        plain = [self.names.plain(known) for known in found_in]
        if all(self.words.kind(n) in (TokenType.L_PAREN, TokenType.R_PAREN) for n in range(*span)):
            raise self._no_sets(span)
        if self.names.plain(span) not in plain:
            found_in.append(span)
            plain.append(self.names.plain(span))
        return f"k{plain.index(self.names.plain(span))}"

    def _meant(self, span: Range) -> Range:
        """What an ordinal or an alias in GROUP BY stands for."""
        if span.last - span.first != 1:
            return span
        word = self.words.verbatim(span.first)
        if self.words.kind(span.first) is TokenType.NUMBER:
            if not word.isdigit() or not 1 <= int(word) <= len(self._items):
                raise refused("not_a_key", word, self.words.source, self._offset(span))
            return self._items[int(word) - 1].span
        ref = next(self.names.refs(span), None)
        item = self.alias(ref) if ref is not None else None
        return item or span

    def _alone(self, number: int, units: Sequence[Unit], place: int, length: int) -> bool:
        if self._atomic((*self.keys, *self.attributes)[number]):
            return True
        before = units[place - 1].plain[1] if place else "("
        after = units[place + length].plain[1] if place + length < len(units) else ")"
        return before in _BEFORE and after in _AFTER

    def _atomic(self, key: Range) -> bool:
        """A column, a call, CASE or parentheses, with fields of it: an operand anywhere."""
        first = self.names.units(key)[0]
        index = first.span.last
        if self.words.called(key.first):
            index = self.words.call(key.first).span.last
        elif self.words.upper(key.first) == "CASE":
            index = self._after_case(key)
        elif self.words.kind(key.first) is TokenType.L_PAREN:
            index = self.words.after(key.first)
        elif first.ref is None:
            return False
        while index < key.last:
            if self.words.kind(index) is TokenType.DOT:
                index += 2
            elif self.words.kind(index) is TokenType.L_BRACKET:
                index = self.words.after(index)
            else:
                return False
        return index == key.last

    def _after_case(self, key: Range) -> int:
        depth = 0
        for index in range(*key):
            depth += {"CASE": 1, "END": -1}.get(self.words.upper(index), 0)
            if depth == 0:
                return index + 1
        return key.last

    def _offset(self, span: Range) -> int:
        return self.words.offset(span.first)

    def _no_sets(self, span: Range) -> Exception:
        text = self.words.text(span) or "an empty set"
        place = min(span.first, len(self.words) - 1)
        return refused("grouping_sets", text, self.words.source, self.words.offset(place))


__all__ = ["Item", "Keys", "Match", "Words"]
